import { expect } from 'chai';
import type { AgentRefused, PollIntroduction } from '../../services/application/ports/poll-admission.ts';
import { admin, eventually, type Harness, joinSecretOf, startHarness } from './harness.ts';

interface Polled {
  readonly sequence: number;
  readonly instanceId: string;
}

describe('application: polls', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const eventData = async <Data>(type: string): Promise<Data[]> =>
    (await harness.events()).filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as Data);

  const refusedWith = async (over: Partial<PollIntroduction>): Promise<string> => {
    try {
      await harness.agent(environmentId, over);
      return 'admitted';
    } catch (error) {
      return (error as AgentRefused).reason;
    }
  };

  /** Lets the recorder write what it has taken. */
  async function flushed(sequences: number): Promise<void> {
    await harness.clock.advance(100);
    await eventually(async () => (await eventData('AgentPolled')).length >= sequences);
  }

  it('refuses a stranger with the precise reason', async () => {
    expect(await refusedWith({ environmentId: 'nosuch' })).to.equal('unknown-environment');
    expect(await refusedWith({ joinSecret: new Uint8Array(32) })).to.equal('wrong-join-secret');
    expect(await refusedWith({ joinSecret: joinSecretOf(environmentId, 2) })).to.equal('wrong-join-secret');
    await harness.agent(environmentId);
    expect(await refusedWith({ edgeId: '22222222-2222-4222-8222-222222222222' })).to.equal('edge-id-mismatch');
    await harness.app.environments.remove(environmentId, admin);
    expect(await refusedWith({})).to.equal('environment-removed');
  });

  it('associates exactly one of twenty agents that race with different Edge IDs', async () => {
    const racing = Array.from({ length: 20 }, (_, index) => refusedWith({ edgeId: `00000000-0000-4000-8000-0000000000${String(index + 10)}`, address: `192.0.2.${String(index)}` }));
    const results = await Promise.all(racing);
    expect(results.filter((result) => result === 'admitted')).to.have.length(1);
    expect(results.filter((result) => result === 'edge-id-mismatch')).to.have.length(19);
    expect(await eventData('AgentAssociated')).to.have.length(1);
  });

  it('slows a guesser down, and never a good agent behind the same address', async () => {
    const results: string[] = [];
    for (let guess = 0; guess < 30; guess++) results.push(await refusedWith({ joinSecret: new Uint8Array(32) }));
    expect(results.at(0)).to.equal('wrong-join-secret');
    expect(results.at(-1)).to.equal('too-many-attempts');
    await harness.agent(environmentId);
    await harness.clock.advance(60_001);
    expect(await refusedWith({ joinSecret: new Uint8Array(32) })).to.equal('wrong-join-secret');
  });

  it('records only so many refusals of one peer, and how many it left out', async () => {
    for (let guess = 0; guess < 30; guess++) await refusedWith({ joinSecret: new Uint8Array(32) });
    await harness.clock.advance(60_001);
    await eventually(async () => (await eventData('RefusalsSuppressed')).length === 1);
    expect(await eventData('PollRejected')).to.have.length(5);
    expect(await eventData<{ count: number }>('RefusalsSuppressed')).to.have.nested.property('[0].count', 25);
  });

  it('confirms a poll only once it is durably recorded', async () => {
    const agent = await harness.agent(environmentId);
    expect((await agent.poll()).confirmedSequence).to.equal(0);
    await flushed(1);
    expect((await agent.poll()).confirmedSequence).to.equal(1);
  });

  it('records every poll once, in order, also one that is sent again', async () => {
    const agent = await harness.agent(environmentId);
    for (const sequence of [1, 2, 2, 3]) await agent.poll({ sequence });
    await flushed(3);
    expect((await eventData<Polled>('AgentPolled')).map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3]);
    expect(await eventData('PollsLost')).to.deep.equal([]);
  });

  it('counts lost polls exactly, from the first that is missing to the last', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll({ sequence: 3 });
    await agent.poll({ sequence: 4 });
    await agent.poll({ sequence: 10 });
    await flushed(3);
    await eventually(async () => (await eventData('PollsLost')).length === 2);
    const lost = await eventData<{ from: number; to: number; count: number }>('PollsLost');
    expect(lost.map(({ from, to, count }) => [from, to, count])).to.deep.equal([
      [1, 2, 2],
      [5, 9, 5],
    ]);
  });

  it('has recorded what was lost before the poll that showed it, so that a crash in between miscounts nothing', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll({ sequence: 5 });
    await flushed(1);
    const types = await harness.types();
    expect(types.indexOf('PollsLost')).to.be.within(0, types.indexOf('AgentPolled'));
  });

  it('miscounts nothing where two agents with one identity poll in turn', async () => {
    const first = await harness.agent(environmentId, { instanceId: 'one' });
    await first.poll({ sequence: 1 });
    const second = await harness.agent(environmentId, { instanceId: 'two' });
    await second.poll({ sequence: 1 });
    await first.poll({ sequence: 2 });
    await flushed(3);
    expect(await eventData('PollsLost')).to.deep.equal([]);
  });

  it('ends an agent that polls far more often than it was told to', async () => {
    const agent = await harness.agent(environmentId);
    const polls = async () => {
      for (let poll = 0; poll < 40; poll++) await agent.poll();
    };
    const error: unknown = await polls().catch((caught: unknown) => caught);
    expect(error).to.have.property('reason', 'polling-too-fast');
  });

  it('counts what a killed process had not recorded once the agent polls again', async () => {
    const first = await harness.agent(environmentId, { instanceId: 'same' });
    await first.poll({ sequence: 1 });
    await first.poll({ sequence: 2 });
    await flushed(2);
    // Taken, answered and never written: what a kill loses.
    const next = await harness.restart({
      async *agents() {
        yield [{ environmentId, node: 'node1', instanceId: 'same', lastSequence: 2, lastPolledAt: '2026-01-31T12:00:00.000Z', heartbeat: 'up', pollIntervalSeconds: null }];
      },
    });
    const introduction = {
      environmentId,
      joinSecret: joinSecretOf(environmentId, 1),
      edgeId: '11111111-1111-4111-8111-111111111111',
      instanceId: 'same',
      report: { node: 'node1', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null },
      address: '192.0.2.7',
    };
    const conversation = await next.polls.admit(introduction, { push: () => undefined, end: () => undefined });
    await conversation.poll({ sequence: 6, confirmedSequence: 2, heldCredentialsIds: [], tunnelFailure: null, report: null });
    await eventually(async () => (await eventData('PollsLost')).length === 1);
    expect(await eventData<{ from: number; to: number; count: number }>('PollsLost')).to.have.nested.property('[0]').that.includes({ from: 3, to: 5, count: 3 });
  });

  it('says hourly who polled how often, and lets polls go that are older than they are kept, having said so', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll();
    await agent.poll();
    await flushed(2);
    await harness.clock.advance(3_600_000);
    await eventually(async () => (await eventData('PollsSummarised')).length === 1);
    expect(await eventData<{ agents: object[] }>('PollsSummarised')).to.have.nested.property('[0].agents[0]').that.includes({ environmentId, instanceId: 'instance1', count: 2, lastSequence: 2 });
    expect(await eventData('AgentPolled')).to.have.length(2);
    // The store's own clock says when they were recorded: a day after that they are old.
    await harness.clock.jump(Math.max(0, Date.now() - harness.clock.now()) + 25 * 3_600_000);
    await eventually(async () => (await eventData('PollsExpired')).length >= 1);
    expect(await eventData('AgentPolled')).to.deep.equal([]);
    expect(await eventData<{ count: number }>('PollsExpired')).to.have.nested.property('[0].count', 2);
  });

  it('says in the hour of a kill how often agents polled, before it and after', async () => {
    const past = (lastSequence: number): Parameters<Harness['restart']>[0] => ({
      async *agents() {
        await Promise.resolve();
        yield [{ environmentId, node: 'node1', instanceId: 'same', lastSequence, lastPolledAt: '2026-01-31T12:00:00.000Z', heartbeat: 'up', pollIntervalSeconds: null }];
      },
    });
    const summaries = () => eventData<{ from: string; to: string; agents: { count: number; lastSequence: number }[] }>('PollsSummarised');
    const agent = await harness.agent(environmentId, { instanceId: 'same' });
    await agent.poll();
    await agent.poll();
    await flushed(2);
    // Twice: neither the first hour, of which there is no summary yet, nor a later one may lack anything.
    harness.kill();
    await harness.restart(past(2));
    await harness.clock.advance(3_600_000);
    await eventually(async () => (await summaries()).length === 1);
    expect((await summaries())[0]?.agents).to.have.length(1).and.nested.property('[0]').that.includes({ count: 2, lastSequence: 2 });

    const pollOf = async (app: Harness['app'], sequence: number): Promise<void> => {
      const report = { node: 'node1', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
      const introduction = { environmentId, joinSecret: joinSecretOf(environmentId, 1), edgeId: '11111111-1111-4111-8111-111111111111', instanceId: 'same', report, address: '192.0.2.7' };
      const conversation = await app.polls.admit(introduction, { push: () => undefined, end: () => undefined });
      await conversation.poll({ sequence, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: null, report: null });
      await flushed(sequence);
    };
    harness.kill();
    await pollOf(await harness.restart(past(2)), 3);
    harness.kill();
    await pollOf(await harness.restart(past(3)), 4);
    await harness.clock.advance(3_600_000);
    await eventually(async () => (await summaries()).length === 2);
    const [first, second] = await summaries();
    expect(second?.agents).to.have.length(1).and.nested.property('[0]').that.includes({ count: 2, lastSequence: 4 });
    expect(second?.from).to.equal(first?.to);
  });

  it('tells connected agents a changed poll interval at once', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.environments.change(environmentId, { pollIntervalSeconds: 60 }, admin);
    await eventually(() => agent.answers.length === 1);
    expect(agent.answers[0]).to.have.property('pollIntervalMs', 60_000);
    await harness.app.environments.change(environmentId, { pollIntervalSeconds: null }, admin);
    await harness.app.settings.change({ pollIntervalSeconds: 30 }, admin);
    await eventually(() => agent.answers.length === 3);
    expect(agent.answers[2]).to.have.property('pollIntervalMs', 30_000);
  });

  it('notices a lost agent after its grace, by the server\'s clock, and its return, once each', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll();
    await harness.clock.advance(3_600_000);
    expect(await eventData('HeartbeatLost'), 'an open call is a heartbeat').to.deep.equal([]);
    agent.conversation.close({ isClassic: false });
    await harness.clock.advance(20_000);
    expect(await eventData('HeartbeatLost')).to.deep.equal([]);
    await harness.clock.advance(2000);
    await eventually(async () => (await eventData('HeartbeatLost')).length === 1);
    await harness.agent(environmentId);
    await eventually(async () => (await eventData('HeartbeatRestored')).length === 1);
  });

  it('gives a classic poller two intervals and 20 s', async () => {
    const agent = await harness.agent(environmentId);
    await agent.poll();
    agent.conversation.close({ isClassic: true });
    await harness.clock.advance(29_000);
    expect(await eventData('HeartbeatLost')).to.deep.equal([]);
    await harness.clock.advance(3000);
    await eventually(async () => (await eventData('HeartbeatLost')).length === 1);
  });

  it('ends the polls of an environment that is removed', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.environments.remove(environmentId, admin);
    expect(agent.refusals.map(({ reason }) => reason)).to.deep.equal(['environment-removed']);
  });
});
