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
const ATTACK_MS = isLong ? 120_000 : 6000;
const WARM_UP_MS = isLong ? 3000 : 1500;
/** Opened at the port of polls, and left so. */
const LEFT_STREAMS = isLong ? 10_000 : 2000;
/** Whoever attacks a port, at once. */
const ATTACKERS = 4;
/** The longest that a port bears with a connection that brings nothing, and some: 30 s at that of polls, 10 s at that of tunnels. */
const LONGEST_MS = isLong ? 40_000 : 20_000;
const AGENTS = 3;

describe('bytes of strangers at both ports', function () {
  // Quick on a quiet machine; a busy one takes its time to collect garbage.
  this.timeout(ATTACK_MS + 240_000);
  const seed = takeSeed();
  let site: Site;
  let fleet: AgentFleet;
  let server: InspectedProcess;
  let environments: readonly CreatedEnvironment[];
  let left: readonly HostileConnection[] = [];

  before(async () => {
    site = await startSite({ env: INSPECTABLE });
    server = await inspect(site.server().process);
    const created = await Promise.all(Array.from({ length: AGENTS }, (_, index) => site.api.createEnvironment({ name: `agent${index}`, pollIntervalSeconds: 1 })));
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
    await attackFor(WARM_UP_MS, 'warm-up', []);
    const { heapBytes, bufferBytes } = await settled();

    const doors = doorsOf(site);
    const [atPolls, atTunnels] = await Promise.all([openAndLeave(doors[0], LEFT_STREAMS, 8), openAndLeave(doors[1], 500, 2)]);
    left = [...atPolls, ...atTunnels];
    const leftAtMs = performance.now();
    const answers: string[] = [];
    const attacking = attackFor(ATTACK_MS, 'attack', Object.keys(ATTACKS));
    const over = new AbortController();
    void attacking.finally(() => over.abort());
    for (let question = 0; !over.signal.aborted; question += 1) {
      for (const environment of environments) answers.push(await ask(environment, `question${question}`));
    }
    const outcomes = await attacking;
    expect(answers.length).to.be.above(AGENTS * 10);
    expect(new Set(answers)).to.deep.equal(new Set(['right']));
    expect([...outcomes.keys()].sort()).to.deep.equal(Object.keys(ATTACKS).sort());

    // Half a minute is long: by default strangers go before the port of polls sends them away.
    if (!isLong) for (const connection of atPolls) connection.destroy();
    await eventually('what was left open to be ended', () => left.every(({ isOver: isEnded }) => isEnded) || undefined, LONGEST_MS - (performance.now() - leftAtMs));
    const after = await eventually('sockets and streams to be as before', async () => {
      // Whoever looks for streams keeps the server from ending them: its sockets are counted from outside.
      expect(server.sockets(), 'sockets').to.be.at.most(before.sockets);
      const held = await settled();
      expect(Object.entries(held.streams).filter(([kind, count]) => count > (before.streams[kind] ?? 0)), 'more streams than before').to.deep.equal([]);
      return held;
    }, 60_000);
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

  /** Both doors at once, for so long and until each that is named in `kindsAtLeast` was made; how often each kind of attack was made. */
  async function attackFor(ms: number, name: string, kindsAtLeast: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const made = new Map<string, number>();
    const untilMs = performance.now() + ms;
    const kinds = Object.entries(ATTACKS);
    const attackers = doorsOf(site).flatMap((door, at) =>
      Array.from({ length: ATTACKERS }, async (_, attacker) => {
        const dice = createDice(seed, `${name} ${at} ${attacker}`);
        // Each begins elsewhere, so that all are made soon.
        for (let turn = Math.floor((attacker * kinds.length) / ATTACKERS); performance.now() < untilMs || kindsAtLeast.some((kind) => !made.has(kind)); turn += 1) {
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
    let last = JSON.stringify((await server.streams()).streams);
    const held = await eventually('the server to settle', async () => {
      const { streams } = await server.streams();
      const now = JSON.stringify(streams);
      const isSettled = now === last;
      last = now;
      return isSettled ? streams : undefined;
    }, 30_000);
    // Channels are kept for the next call, for a while.
    const { ChannelStream: channels = 0, ServerHttp2Stream: http2Streams = 0, ...others } = held;
    return { ...(await server.memory()), sockets: server.sockets(), streams: { ...others, http2Streams: http2Streams - channels } };
  }
});

function doorsOf(site: Site): readonly [Door, Door] {
  const { httpsPort, tunnelPort } = site.server();
  return [
    { port: httpsPort, paths: ['/homeport.poll.v1.PollService/Poll', '/homeport.poll.v1.PollService/GetBinding', '/homeport.poll.v1.PollService/RecordSnapshot'] },
    { port: tunnelPort, paths: ['/homeport.tunnel.v1.TunnelService/Open', '/homeport.tunnel.v1.TunnelService/Channel'] },
  ];
}
