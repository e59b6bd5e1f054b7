/** Whether an environment is up: decided by the server's clock, recorded once a change, and its own downtime counts against no one. */
import { expect } from 'chai';
import type { PastAgent } from '../../services/domain/past-record.ts';
import { admin, eventually, type Harness, joinSecretOf, startHarness } from './harness.ts';

const start = Date.parse('2026-01-31T12:00:00.000Z');
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

describe('application: heartbeats', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  interface Beat {
    readonly type: string;
    readonly at: string;
    readonly lastPolledAt?: string | null;
  }

  /** What was recorded of heartbeats, in order. */
  async function beats(): Promise<readonly Beat[]> {
    const events = (await harness.events()).filter(({ type }) => type.startsWith('Heartbeat'));
    return events.map(({ type, data }) => {
      const { at, lastPolledAt } = JSON.parse(data) as { at: string; lastPolledAt?: string | null };
      return { type, at, ...(lastPolledAt === undefined ? {} : { lastPolledAt }) };
    });
  }

  /** Waits until so many are recorded. */
  async function recorded(count: number): Promise<readonly Beat[]> {
    await eventually(async () => (await beats()).length >= count);
    return beats();
  }

  /** Lets time pass, and what it leads to be recorded. */
  async function pass(seconds: number): Promise<void> {
    await harness.clock.advance(seconds * 1000);
    // A write of ours comes after all that was decided before.
    await harness.app.environments.change(environmentId, { tags: [`t${String(harness.clock.now())}`] }, admin);
  }

  const past = (heartbeat: PastAgent['heartbeat'], lastPolledAt: string): Parameters<Harness['restart']>[0] => ({
    async *agents() {
      await Promise.resolve();
      yield [{ environmentId, node: 'node1', instanceId: 'instance1', lastSequence: 1, lastPolledAt, heartbeat, pollIntervalSeconds: null }];
    },
  });

  /** The agent opens a call to another process. */
  async function comeBack(app: Harness['app']): Promise<void> {
    const report = { node: 'node1', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
    const introduction = { environmentId, joinSecret: joinSecretOf(environmentId, 1), edgeId: '11111111-1111-4111-8111-111111111111', instanceId: 'instance1', report, address: '192.0.2.7' };
    await app.polls.admit(introduction, { push: () => undefined, end: () => undefined });
  }

  for (const seconds of [1, 86_400]) {
    it(`is lost 20 s after a connected agent's call was, though it was told to poll every ${String(seconds)} s, and restored by its next poll`, async () => {
      await harness.app.environments.change(environmentId, { pollIntervalSeconds: seconds }, admin);
      const agent = await harness.agent(environmentId);
      await agent.poll();
      await harness.clock.advance(100_000);
      agent.conversation.close({ isClassic: false });
      await pass(20);
      expect(await beats()).to.deep.equal([]);
      await pass(2);
      expect(await recorded(1)).to.deep.equal([{ type: 'HeartbeatLost', at: at(121), lastPolledAt: at(0) }]);
      await harness.clock.advance(1000);
      await harness.agent(environmentId);
      expect((await recorded(2))[1]).to.deep.equal({ type: 'HeartbeatRestored', at: at(123) });
    });
  }

  it('of a classic agent is lost after two of the intervals it was told and 20 s, also where the interval was changed since', async () => {
    await harness.app.settings.change({ pollIntervalSeconds: 60 }, admin);
    const agent = await harness.agent(environmentId);
    await agent.poll();
    agent.conversation.close({ isClassic: true });
    // It can not know before it asks.
    await harness.app.settings.change({ pollIntervalSeconds: 1 }, admin);
    await pass(140);
    expect(await beats()).to.deep.equal([]);
    await pass(2);
    expect(await recorded(1)).to.deep.equal([{ type: 'HeartbeatLost', at: at(141), lastPolledAt: at(0) }]);
  });

  it('is up again after a restart of the server without a word in the record, if the agent comes back in time', async () => {
    await (await harness.agent(environmentId)).poll();
    harness.kill();
    await harness.clock.jump(3_600_000);
    const next = await harness.restart(past('up', at(0)));
    await harness.clock.advance(29_000);
    await comeBack(next);
    await harness.clock.advance(60_000);
    await next.environments.change(environmentId, { tags: ['later'] }, admin);
    expect(await beats()).to.deep.equal([]);
  });

  it('is lost after a restart only when the agent had its time since the start, and says when it polled last', async () => {
    await (await harness.agent(environmentId)).poll();
    harness.kill();
    await harness.clock.jump(3_600_000);
    const next = await harness.restart(past('up', at(0)));
    await harness.clock.advance(30_000);
    await next.environments.change(environmentId, { tags: ['later'] }, admin);
    expect(await beats()).to.deep.equal([]);
    await harness.clock.advance(1000);
    expect(await recorded(1)).to.deep.equal([{ type: 'HeartbeatLost', at: at(3631), lastPolledAt: at(0) }]);
    await harness.clock.advance(60_000);
    expect(await beats()).to.have.length(1);
  });

  it('of a large fleet is lost after a restart only when all had the time over which they spread their return', async () => {
    await (await harness.agent(environmentId)).poll();
    harness.kill();
    // 15,000 agents come back within 67 s, at 225 a second.
    const fleet = { async *agents() {
      await Promise.resolve();
      yield Array.from({ length: 15_000 }, (_, index) => ({ environmentId: index === 0 ? environmentId : `e${String(index)}`, node: 'node1', instanceId: 'instance1', lastSequence: 1, lastPolledAt: at(0), heartbeat: 'up' as const, pollIntervalSeconds: null }));
    } };
    const next = await harness.restart(fleet);
    await harness.clock.advance(86_000);
    await next.environments.change(environmentId, { tags: ['later'] }, admin);
    expect(await beats()).to.deep.equal([]);
    await harness.clock.advance(2000);
    expect(await recorded(1)).to.deep.equal([{ type: 'HeartbeatLost', at: at(87), lastPolledAt: at(0) }]);
  });

  it('of a fleet that leaves at once is lost only after the time for the return that each was told', async () => {
    const others = await Promise.all(Array.from({ length: 224 }, (_, index) => harness.createEnvironment(`site ${String(index)}`)));
    const agents = [];
    for (const id of [...others, environmentId]) agents.push(await harness.agent(id));
    for (const agent of agents) await agent.poll();
    for (const agent of agents) agent.conversation.close({ isClassic: false });
    // Each was told a second, and has 20 s more.
    await pass(21);
    expect(await beats()).to.deep.equal([]);
    await pass(1);
    expect(await recorded(225)).to.have.length(225);
  });

  it('that was lost before a restart is restored by the first call after it, and not lost twice', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll();
    agent.conversation.close({ isClassic: false });
    await harness.clock.advance(21_000);
    await recorded(1);
    harness.kill();
    const next = await harness.restart(past('down', at(0)));
    await harness.clock.advance(60_000);
    await comeBack(next);
    expect(await recorded(2)).to.deep.equal([
      { type: 'HeartbeatLost', at: at(21), lastPolledAt: at(0) },
      { type: 'HeartbeatRestored', at: at(81) },
    ]);
  });

  it('is not lost because the server itself stood still, as on a machine that was paused', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll();
    agent.conversation.close({ isClassic: true });
    await harness.clock.advance(10_000);
    await harness.clock.jump(600_000);
    await pass(10);
    expect(await beats()).to.deep.equal([]);
    // From then on its time runs again.
    await pass(15);
    expect(await recorded(1)).to.have.nested.property('[0].type', 'HeartbeatLost');
  });
});
