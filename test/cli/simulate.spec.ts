/** `homeport simulate`: small fleets against a real server. */
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { expect } from 'chai';
import { createEnvironment, startHomeport, startHomeportCommand } from '../support/homeport.ts';
import type { HomeportServer } from '../support/homeport.ts';
import { eventually } from '../support/eventually.ts';
import type { RunningProcess } from '../support/child-process.ts';

interface Line {
  readonly total: boolean;
  readonly agents: number;
  readonly connected: number;
  readonly polls: number;
  readonly answers: number;
  readonly pollMs: { readonly p50: number | null };
  readonly refused: Record<string, number>;
  readonly failed: Record<string, number>;
  readonly attemptsPerSecond: number;
  readonly bytesPerSecondPerAgent: number;
  readonly tunnelsOpened: number;
  readonly snapshotsBrought: number;
}

describe('homeport simulate', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  const running: RunningProcess[] = [];

  before(async () => {
    server = await startHomeport();
    await server.signIn();
  });
  afterEach(async () => {
    for (const fleet of running.splice(0)) await fleet.stop('SIGKILL');
  });
  after(() => server.remove());

  const simulate = (...args: string[]): RunningProcess => {
    const fleet = startHomeportCommand(['simulate', ...args], server.clientEnv);
    running.push(fleet);
    return fleet;
  };
  const linesOf = (fleet: RunningProcess): Line[] => fleet.stdout().split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line);
  const ids = async (...args: string[]): Promise<string[]> => (await server.homeport('env', 'list', '-q', ...args)).stdout.split('\n').filter((id) => id !== '');

  it('has every agent polling, answers through their tunnels, and takes its environments away when interrupted', async () => {
    const fleet = simulate('--agents', '12', '--poll-interval', '1s', '--join', '1s', '--report', '1s', '--json', '--tag', 'load', '--prefix', 'van');
    await fleet.waitFor(/"connected":12,/);
    expect(await ids('--tag', 'load', '--status', 'up')).to.have.length(12);

    const key = await apiKey(server);
    const [id] = await ids('--search', 'van-07');
    const docker = (path: string): Promise<{ status: number; body: unknown }> => get(server, key, `/api/v1/environments/${String(id)}/docker${path}`);
    expect(await docker('/version')).to.have.nested.property('body.ApiVersion', '1.50');
    expect(await docker('/v1.50/containers/json')).to.have.nested.property('body[0].Labels').that.deep.equals({ 'simulated.environment': 'van-07' });
    expect(await docker('/secrets')).to.deep.equal({ status: 404, body: { message: 'the simulated engine of van-07 has no /secrets' } });
    await eventually('snapshots to be recorded', async () => {
      const { body } = await get(server, key, `/api/v1/environments/${String(id)}`);
      return (body as { snapshot: { summary: { containers: { running: number } } } | null }).snapshot?.summary.containers.running === 2 ? true : undefined;
    });

    fleet.signal('SIGINT');
    expect(await fleet.ended, fleet.stderr()).to.deep.equal({ code: 0, signal: null });
    const total = linesOf(fleet).at(-1);
    expect(total).to.include({ total: true, agents: 12, connected: 12, tunnelsOpened: 1, snapshotsBrought: 12 });
    expect(total?.refused).to.deep.equal({});
    expect(total?.failed).to.deep.equal({});
    expect(total?.polls).to.be.at.least(12);
    expect(total?.answers).to.be.at.least(12);
    expect(total?.pollMs.p50).to.be.greaterThan(0);
    // Twelve polls' connections and a tunnel's, which looks at the certificate first; all of them joined within five seconds.
    expect(total?.attemptsPerSecond).to.be.within(12 / 5, 14 / 5);
    expect(total?.bytesPerSecondPerAgent).to.be.greaterThan(60);
    expect(await ids()).to.deep.equal([]);
  });

  it('counts what is refused by its reason, and goes on', async () => {
    const rotated = await createEnvironment(server, 'rotated', '--tag', 'fixed');
    await createEnvironment(server, 'sound', '--tag', 'fixed');
    const fleet = simulate('--existing', 'fixed', '--agents', '2', '--join', '1s', '--report', '1s', '--json');
    await fleet.waitFor(/"connected":2,/);
    await server.homeport('env', 'rotate-token', 'rotated', '--yes');
    await fleet.waitFor(/"connected":1,.*"refused":\{"token-rotated":1\}/);
    fleet.signal('SIGTERM');
    expect(await fleet.ended, fleet.stderr()).to.deep.equal({ code: 0, signal: null });
    expect(fleet.stderr(), 'environments that it did not make').not.to.include('left');
    expect(await ids('--tag', 'fixed')).to.include(rotated.id).and.to.have.length(2);
  });

  it('takes no environment for which an agent polls, and none where there are too few', async () => {
    await createEnvironment(server, 'taken', '--tag', 'taken');
    const first = simulate('--existing', 'taken', '--agents', '1', '--report', '1s', '--json');
    await first.waitFor(/"connected":1,/);
    const second = simulate('--existing', 'taken', '--agents', '1');
    expect(await second.ended).to.include({ code: 1 });
    expect(second.stderr()).to.match(/^homeport: an agent polls for taken already/);
    const third = simulate('--existing', 'taken', '--agents', '2');
    expect(await third.ended).to.include({ code: 1 });
    expect(third.stderr()).to.match(/^homeport: 1 environments bear the tag taken, which is fewer than --agents 2/);
  });

  it('keeps its environments where asked to, says so, and says how they go', async () => {
    const fleet = simulate('--agents', '3', '--duration', '2s', '--report', '1s', '--join', '1s', '--keep', '--prefix', 'kept');
    expect(await fleet.ended, fleet.stderr()).to.include({ code: 0 });
    expect(fleet.stdout()).to.match(/^TIME +CONNECTED +POLLS\/S/).and.match(/^all +3\/3 /m);
    const command = /3 environments are left, tagged simulated; homeport (env list --tag simulated -q) \| xargs -n 100 homeport (env remove --yes)/.exec(fleet.stderr());
    expect(command, fleet.stderr()).not.to.equal(null);
    const left = await ids('--tag', 'simulated');
    expect(left).to.have.length(3);
    expect(await server.homeport('env', 'remove', '--yes', ...left)).to.include({ code: 0 });
    expect(await ids('--tag', 'simulated')).to.deep.equal([]);
  });

  it('leaves nothing where a name is taken', async () => {
    await createEnvironment(server, 'twice-3');
    const fleet = simulate('--agents', '5', '--prefix', 'twice');
    expect(await fleet.ended).to.include({ code: 1 });
    expect(fleet.stderr()).to.match(/another --prefix\n$/);
    expect(await ids('--tag', 'simulated')).to.deep.equal([]);
  });

  it('takes no environment whose agent would call another machine, be it for its tunnel alone', async () => {
    const address = `localhost:${server.httpsPort}`;
    for (const [tag, host] of [['calls', ['--address', 'homeport.example:9443', '--tunnel-address', `localhost:${server.tunnelPort}`]], ['tunnels', ['--address', address, '--tunnel-address', 'homeport.example:8000']]] as const) {
      expect(await server.homeport('env', 'create', tag, ...host, '--allow-loopback', '--tag', tag)).to.include({ code: 0 });
      const fleet = simulate('--existing', tag, '--agents', '1', '--duration', '1s');
      expect(await fleet.ended, tag).to.include({ code: 2 });
      expect(fleet.stderr()).to.match(/homeport: homeport\.example is not this machine/);
    }
  });

  it('is for loopback, and elsewhere only for a server that is named and confirmed', async () => {
    const elsewhere = ['--api-key', 'hp_none', '--agents', '1', '--insecure'];
    for (const args of [['--url', 'https://homeport.example:9443'], ['--yes', '--address', 'homeport.example:9443']]) {
      const fleet = simulate(...elsewhere, ...args);
      expect(await fleet.ended).to.include({ code: 2 });
      expect(fleet.stderr()).to.match(/^homeport: homeport\.example is not this machine: .* --url and pass --yes\n$/);
    }
    // Named and confirmed it is asked, which this name does not survive.
    const confirmed = simulate(...elsewhere, '--url', 'https://homeport.invalid:9443', '--yes');
    expect(await confirmed.ended).to.include({ code: 1 });
    expect(confirmed.stderr()).to.match(/homeport\.invalid:9443 can't be reached/);
  });
});

async function apiKey(server: HomeportServer): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const path = `${server.clientEnv.XDG_CONFIG_HOME ?? ''}/homeport/servers.json`;
  const key = /"(hp_[^"]+)"/.exec(await readFile(path, 'utf8'))?.[1];
  if (key === undefined) throw new Error('nobody is signed in');
  return key;
}

async function get(server: HomeportServer, key: string, path: string): Promise<{ status: number; body: unknown }> {
  const asked = request(new URL(path, server.url), { ca: server.ca(), headers: { authorization: `Bearer ${key}` } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await json(response) };
}
