/** Strangers send anything to both ports of a real server, while honest agents poll and a tunnel answers; afterwards nothing of it is left. */
import { expect } from 'chai';
import { buffer } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import { type AgentFleet, startAgentFleet } from '../../support/fleet/agent-fleet.ts';
import { digestOf, knownBytes } from '../../support/fleet/known-bytes.ts';
import { again, createDice, takeSeed } from '../../support/fleet/seed.ts';
import { bytesPath } from '../../support/fleet/verifiable-engine.ts';
import type { CreatedEnvironment } from '../failures/support/api.ts';
import { accountsOf } from '../failures/support/poll-accounts.ts';
import { dockerPath, startSite, type Site } from '../failures/support/site.ts';
import type { Door } from './support/attack.ts';
import type { HostileConnection } from './support/hostile-connection.ts';
import { HTTP1_ATTACKS } from './support/http1-attacks.ts';
import { HTTP2_ATTACKS, openAndLeave } from './support/http2-attacks.ts';
import { INSPECTABLE, inspect, type InspectedProcess } from './support/inspected-process.ts';
import { RAW_ATTACKS } from './support/raw-attacks.ts';

const ATTACKS = { ...RAW_ATTACKS, ...HTTP2_ATTACKS, ...HTTP1_ATTACKS };
const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const ATTACK_MS = isLong ? 120_000 : 12_000;
/** Whoever attacks a port, at once. */
const ATTACKERS = 4;
/** The longest that either port bears with a connection that brings nothing, and some. */
const LONGEST_MS = 40_000;
const AGENTS = 3;

describe('bytes of strangers at both ports', function () {
  this.timeout(ATTACK_MS + 120_000);
  const seed = takeSeed();
  let site: Site;
  let fleet: AgentFleet;
  let server: InspectedProcess;
  let environments: readonly CreatedEnvironment[];
  let left: readonly HostileConnection[] = [];

  before(async () => {
    site = await startSite({ env: INSPECTABLE });
    server = await inspect(site.server().process);
    const created: CreatedEnvironment[] = [];
    for (let index = 0; index < AGENTS; index += 1) created.push(await site.api.createEnvironment({ name: `agent${index}`, pollIntervalSeconds: 1 }));
    environments = created;
    fleet = startAgentFleet({ folder: site.folder, agents: created.map(({ name, issuedEdgeId, joinToken }) => ({ name, edgeId: issuedEdgeId, edgeKey: joinToken })) });
    await eventually('the agents to be up', async () => (await Promise.all(created.map(isUp))).every(Boolean) || undefined, 30_000);
  });
  after(async () => {
    for (const connection of left) connection.destroy();
    await fleet.stop();
    server.close();
    await site.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`      ${again(seed)}\n`);
  });

  const isUp = async ({ id }: CreatedEnvironment): Promise<boolean> => ((await site.api.call('GET', `/environments/${id}`)).body as { readonly status: string }).status === 'up';

  /** What the engine answers through the tunnel, or what went wrong. */
  async function ask(environment: CreatedEnvironment, name: string): Promise<string> {
    const length = 20_000;
    const answer = await site.api.open('GET', dockerPath(environment, bytesPath(name, length)));
    const bytes = await buffer(answer);
    return digestOf(bytes) === digestOf(knownBytes(name, length)) ? 'right' : `${answer.statusCode ?? 0} ${bytes.subarray(0, 200).toString()}`;
  }

  it('leave nothing behind, and no honest agent notices them: every poll is answered and recorded, and no tunnel is lost', async () => {
    for (const environment of environments) expect(await ask(environment, 'before')).to.equal('right');
    const before = await settled();
    // What is compiled and cached once is no leak.
    await attackFor(3000, 'warm-up');
    const { heapBytes, bufferBytes } = await settled();

    const doors = doorsOf(site);
    left = (await Promise.all([openAndLeave(doors[0], 10_000, 8), openAndLeave(doors[1], 500, 2)])).flat();
    const leftAtMs = performance.now();
    const answers: string[] = [];
    const attacking = attackFor(ATTACK_MS, 'attack');
    const over = new AbortController();
    void attacking.finally(() => over.abort());
    for (let question = 0; !over.signal.aborted; question += 1) {
      for (const environment of environments) answers.push(await ask(environment, `question${question}`));
    }
    const outcomes = await attacking;
    expect(answers.length).to.be.above(AGENTS * 10);
    expect(new Set(answers)).to.deep.equal(new Set(['right']));
    expect([...outcomes.keys()].sort()).to.deep.equal(Object.keys(ATTACKS).sort());

    await eventually('what was left open to be ended', () => left.every(({ isOver: isEnded }) => isEnded) || undefined, LONGEST_MS - (performance.now() - leftAtMs));
    const after = await eventually('sockets to be as before', async () => (server.sockets() <= before.sockets ? settled() : undefined), 10_000);
    const more = Object.entries(after.streams).filter(([kind, count]) => count > (before.streams[kind] ?? 0));
    expect(more, 'more streams than before').to.deep.equal([]);
    expect(after.heapBytes).to.be.below(heapBytes * 1.1);
    expect(after.bufferBytes).to.be.below(bufferBytes * 1.1 + 1024 * 1024);

    for (const environment of environments) {
      expect(await ask(environment, 'after')).to.equal('right');
      const events = await site.api.events(`environment=${environment.id}`);
      const bad = events.filter(({ type }) => /^(PollsLost|HeartbeatLost|TunnelLost|TunnelOpenFailed|TunnelCredentialsExpired|AgentDisassociated)$/.test(type));
      expect(bad).to.deep.equal([]);
      expect(events.filter(({ type }) => type === 'TunnelOpened')).to.have.length(1);
      const accounts = [...accountsOf(events).values()];
      expect(accounts.map(({ wrong }) => wrong)).to.deep.equal([[]]);
      expect(accounts[0]?.recorded).to.be.above(ATTACK_MS / 1000);
    }
    expect(fleet.complaints()).to.deep.equal([]);
  });

  /** Both doors at once; how often each kind of attack was made. */
  async function attackFor(ms: number, name: string): Promise<ReadonlyMap<string, number>> {
    const made = new Map<string, number>();
    const untilMs = performance.now() + ms;
    const kinds = Object.entries(ATTACKS);
    const attackers = doorsOf(site).flatMap((door, at) =>
      Array.from({ length: ATTACKERS }, async (_, attacker) => {
        const dice = createDice(seed, `${name} ${at} ${attacker}`);
        // Each begins elsewhere, so that all are made however short the time is.
        for (let turn = Math.floor((attacker * kinds.length) / ATTACKERS); performance.now() < untilMs; turn += 1) {
          const [kind, attack] = kinds[turn % kinds.length] ?? [];
          if (kind === undefined || attack === undefined) continue;
          await attack(door, dice);
          made.set(kind, (made.get(kind) ?? 0) + 1);
        }
      }),
    );
    await Promise.all(attackers);
    return made;
  }

  /** What the server holds once nothing more of it goes. */
  async function settled(): Promise<{ readonly sockets: number; readonly heapBytes: number; readonly bufferBytes: number; readonly streams: Readonly<Record<string, number>> }> {
    let last = JSON.stringify((await server.holdings()).streams);
    return eventually('the server to settle', async () => {
      const holdings = await server.holdings();
      const now = JSON.stringify(holdings.streams);
      const isSettled = now === last;
      last = now;
      // Channels are kept for the next call, for a while.
      const { ChannelStream: channels = 0, ServerHttp2Stream: http2Streams = 0, ...others } = holdings.streams;
      const streams = { ...others, http2Streams: http2Streams - channels };
      return isSettled ? { ...holdings, sockets: server.sockets(), streams } : undefined;
    });
  }
});

function doorsOf(site: Site): readonly [Door, Door] {
  const { httpsPort, tunnelPort } = site.server();
  return [
    { port: httpsPort, paths: ['/homeport.poll.v1.PollService/Poll', '/homeport.poll.v1.PollService/GetBinding', '/homeport.poll.v1.PollService/RecordSnapshot'] },
    { port: tunnelPort, paths: ['/homeport.tunnel.v1.TunnelService/Open', '/homeport.tunnel.v1.TunnelService/Channel'] },
  ];
}
