/** kill -9 of the server, again and again, under polls and a proxied transfer: nothing acknowledged is lost, and all goes on by itself. */
import { expect } from 'chai';
import { pino } from 'pino';
import { runAgent } from '../../../agent/main.ts';
import { compileOptions } from '../../../agent/options.ts';
import { runProcess } from '../../support/child-process.ts';
import { IMAGE, startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { realPart } from '../../support/real-parts.ts';
import { followEvents, readSome } from './support/api.ts';
import type { CreatedEnvironment, RecordedEvent } from './support/api.ts';
import { accountsOf } from './support/poll-accounts.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const KILLS = isLong ? 10 : 5;
/** Agents beside the one with the engine, so that some kill surely catches polls that are not recorded yet. */
const POLLERS = 30;
const MIB = 1024 * 1024;

describe('kill -9 of the server', function () {
  // Quick on a quiet machine; a busy one starts ten servers in its own time.
  this.timeout(240_000);
  const pollers = new AbortController();
  const polling: Promise<number>[] = [];
  let dockerd: Dockerd | undefined;
  let site: Site | undefined;

  after(async () => {
    pollers.abort();
    await Promise.all(polling);
    await site?.stop();
    await dockerd?.stop();
  });

  it(`${KILLS} times in a row loses nothing acknowledged, counts lost polls exactly, and the agent comes back by itself`, async function () {
    dockerd = await startDockerd(this);
    site = await startSite();
    const { api } = site;
    await dockerd.docker('run', '--detach', '--name', 'big', '--network', 'none', IMAGE, 'sh', '-c', 'truncate -s 1G /big && exec sleep 3600');
    expect((await api.call('PATCH', '/settings', { pollIntervalSeconds: 1 })).status).to.equal(200);
    const environment = await api.createEnvironment({ name: 'factory' });
    const agent = site.startAgent(environment, { DOCKER_HOST: dockerd.dockerHost });
    for (const poller of await Promise.all(Array.from({ length: POLLERS }, (_, index) => api.createEnvironment({ name: `poller ${index}` })))) startPoller(poller, site.folder);
    const docker = await eventually('the first tunnel', () => site?.dockerEnvironment(environment), 40_000);

    const acknowledged = new Map<string, RecordedEvent>();
    const environments: CreatedEnvironment[] = [];
    const restartMs: number[] = [];
    const recoveryMs: number[] = [];
    let lastSeen: string | undefined;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const tail = await followEvents(api, lastSeen);
      const transfer = await api.open('GET', dockerPath(environment, '/containers/big/export'));
      const broken = new Promise((resolve) => transfer.once('error', resolve).once('close', resolve));
      // Recorded before it is forwarded, and ended by nobody.
      const attached = await api.upgrade(dockerPath(environment, '/containers/big/attach?stream=1&stdout=1'), {});
      attached.on('error', () => undefined).resume();
      await eventually('polls of most agents', () => (pollersIn(tail.seen) > POLLERS / 2 ? true : undefined), 40_000);
      environments.push(await api.createEnvironment({ name: `created before kill ${kill}` }));
      // Not always at the same moment of the polls' second.
      await readSome(transfer, kill * MIB);
      await site.server().kill();
      transfer.resume();
      await broken;
      expect(transfer.complete, 'a cut transfer must not look whole').to.be.false;
      for (const event of tail.seen) acknowledged.set(event.id, event);
      lastSeen = tail.seen.at(-1)?.position ?? lastSeen;

      const killedAt = performance.now();
      await site.restart();
      restartMs.push(Math.round(performance.now() - killedAt));
      const readyAt = performance.now();
      const ps = await runProcess(realPart('docker'), ['ps', '--format', '{{.Names}}'], { env: docker });
      expect(ps, `docker ps after kill ${kill}: ${ps.stderr}`).to.deep.include({ code: 0, stdout: 'big\n' });
      recoveryMs.push(Math.round(performance.now() - readyAt));
    }

    // Once each agent has been heard, what the last kill lost is counted.
    const tail = await followEvents(api, lastSeen);
    await eventually('a last poll of each agent', () => (pollersIn(tail.seen) > POLLERS ? true : undefined), 40_000);
    tail.close();
    const events = await eventually('the losses to be recorded', async () => {
      const all = await api.events();
      return [...accountsOf(all).values()].every(({ wrong }) => wrong.length === 0) ? all : undefined;
    }).catch(() => api.events());

    const byId = new Map(events.map((event) => [event.id, event]));
    expect([...acknowledged.values()].filter(({ id, position }) => byId.get(id)?.position !== position), 'acknowledged events that are missing').to.deep.equal([]);
    for (const { id, name } of environments) {
      expect((await api.call('GET', `/environments/${id}`)).body, 'an environment answered with 201').to.include({ id, name });
    }
    const ends = events.filter(({ type, data }) => data.environmentId === environment.id && ['TunnelOpened', 'TunnelLost', 'TunnelClosed'].includes(type));
    expect(ends.map(({ type, data }) => (type === 'TunnelLost' ? data.reason : type))).to.deep.equal([
      ...Array.from({ length: KILLS }, () => ['TunnelOpened', 'server-restarted']).flat(),
      'TunnelOpened',
    ]);
    const { body } = await api.call('GET', '/activity?path=/big/attach&limit=100');
    const cut = (body as { readonly items: readonly { readonly failure: string | null }[] }).items;
    expect(cut.map(({ failure }) => failure), 'calls that the kills cut').to.deep.equal(Array.from({ length: KILLS }, () => 'server-restarted'));
    const accounts = accountsOf(events);
    expect(accounts.size, 'instances of agents').to.equal(POLLERS + 1);
    expect([...accounts].filter(([, { wrong }]) => wrong.length > 0)).to.deep.equal([]);
    const sum = (what: 'lost' | 'recorded'): number => [...accounts.values()].reduce((total, account) => total + account[what], 0);
    expect(sum('lost'), 'polls that a kill caught').to.be.above(0);
    expect(process.kill(agent.pid, 0), 'the agent lives').to.be.true;
    process.stdout.write(
      `      ${KILLS} kills: ${acknowledged.size} acknowledged events, ${sum('recorded')} polls recorded, ${sum('lost')} lost; ready again in ${restartMs.join(', ')} ms, docker ps in ${recoveryMs.join(', ')} ms more\n`,
    );
  });

  function startPoller({ issuedEdgeId, joinToken }: CreatedEnvironment, folder: string): void {
    const options = compileOptions({ edgeId: issuedEdgeId, edgeKey: joinToken, edgeInsecurePoll: '1', dockerHost: `unix://${folder}/no.sock` });
    polling.push(runAgent(options, { signal: pollers.signal, logger: pino({ level: 'silent' }) }));
  }
});

function pollersIn(events: readonly RecordedEvent[]): number {
  return new Set(events.filter(({ type }) => type === 'AgentPolled').map(({ data }) => data.environmentId)).size;
}
