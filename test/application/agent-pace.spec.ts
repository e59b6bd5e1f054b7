/** What one agent can make the control plane do and keep, whether it goes on with one call or begins thousands. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { AgentRefused, type EndpointsInUse, type PollIntroduction } from '../../services/application/ports/poll-admission.ts';
import { admin, type Harness, startHarness, swarmReport, type TestAgent } from './harness.ts';

const report: PollIntroduction['report'] = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
const failing = (reason: string): EndpointsInUse => ({ version: 1, fingerprints: [], failure: { address: 'new.example:9443', port: 'api', reason, detail: 'it is not there' } });

describe('application: the pace of agents', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const begin = (over: Partial<PollIntroduction> = {}): Promise<TestAgent> => harness.agent(environmentId, { instanceId: 'one', report, ...over });

  /** One call with one poll; why it was refused, where it was. */
  async function classicPoll(over: Partial<PollIntroduction> = {}): Promise<string | undefined> {
    try {
      const agent = await begin(over);
      await agent.poll();
      agent.conversation.close({ isClassic: true });
      return undefined;
    } catch (error) {
      if (error instanceof AgentRefused) return error.reason;
      throw error;
    }
  }

  const dataOf = async <Data>(type: string): Promise<Data[]> =>
    (await harness.events()).filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as Data);
  const count = async (type: string): Promise<number> => (await dataOf(type)).length;

  /** What was to be recorded of the environment is: this changes nothing, and is decided after it. */
  const settled = () => harness.app.environments.change(environmentId, {}, admin);

  it('refuses one that begins call after call, each good by itself, and tells it to wait', async () => {
    const reasons: (string | undefined)[] = [];
    for (let call = 0; call < 40; call++) reasons.push(await classicPoll());
    expect(reasons).to.deep.equal([...Array.from({ length: 30 }, () => undefined), ...Array.from({ length: 10 }, () => 'polling-too-fast')]);
    const refusal: unknown = await begin().catch((error: unknown) => error);
    expect(refusal).to.include({ reason: 'polling-too-fast', retryAfterMs: 60_000 });
  });

  it('counts the polls of all calls that it has open', async () => {
    const first = await begin();
    const second = await begin();
    const reasons: unknown[] = [];
    for (let poll = 0; poll < 40; poll++) {
      await [first, second][poll % 2]?.poll().catch((error: unknown) => reasons.push((error as AgentRefused).reason));
    }
    // The first poll of each call was counted as the call came.
    expect(reasons).to.deep.equal(Array.from({ length: 10 }, () => 'polling-too-fast'));
  });

  it('still counts the polls of an open call that was silent for long', async () => {
    const first = await begin();
    await harness.clock.advance(60_000);
    const second = await begin();
    for (let poll = 0; poll < 30; poll++) await second.poll();
    const refusal: unknown = await first.poll().then(() => first.poll()).catch((error: unknown) => error);
    expect(refusal).to.include({ reason: 'polling-too-fast' });
  });

  it('lets one that polls by a call every second do so for ever', async () => {
    const reasons: (string | undefined)[] = [];
    for (let call = 0; call < 200; call++) {
      reasons.push(await classicPoll());
      await harness.clock.advance(1000);
    }
    expect(reasons.filter((reason) => reason !== undefined)).to.deep.equal([]);
  });

  it('hurts no other agent of the environment', async () => {
    for (let call = 0; call < 40; call++) await classicPoll();
    expect(await classicPoll({ instanceId: 'other', report: swarmReport('n2', false) })).to.equal(undefined);
  });

  it('lets agents of a Swarm poll that all look alike, because their engines do not answer', async () => {
    const agents = await Promise.all(Array.from({ length: 20 }, (_, index) => begin({ instanceId: `agent-${String(index)}` })));
    for (let poll = 0; poll < 5; poll++) for (const agent of agents) await agent.poll();
  });

  it('lets in as many nodes as an environment may have and no more, by new calls or in the midst of one', async () => {
    const first = await begin({ report: swarmReport('n0', false) });
    let revision = (await harness.events()).filter(({ stream }) => stream === `environment-${environmentId}`).length - 1;
    for (let from = 1; from < 4096; from += 1000) {
      const seen = Array.from({ length: Math.min(1000, 4096 - from) }, (_, index) => ({
        id: randomUUID(),
        type: 'AgentSeen',
        data: JSON.stringify({ at: '2026-01-31T12:00:00.000Z', environmentId, instanceId: 'one', address: '192.0.2.7', report: swarmReport(`n${String(from + index)}`, false) }),
        metadata: JSON.stringify({ ...admin, schemaVersion: 1 }),
      }));
      ({ revision } = await harness.store.append(`environment-${environmentId}`, seen, { expectedRevision: revision }));
    }
    // Whoever decides finds that another has written, and reads it all.
    await harness.app.environments.change(environmentId, { tags: ['large'] }, admin);

    expect(await classicPoll({ report: swarmReport('n4095', false) })).to.equal(undefined);
    expect(await classicPoll({ report: swarmReport('n4096', false) })).to.equal('too-many-connections');
    await first.poll();
    await harness.clock.advance(5000);
    const moved = async () => first.conversation.poll({ sequence: 2, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: null, report: swarmReport('n4096', false) });
    expect(await moved().catch((error: unknown) => error)).to.include({ reason: 'too-many-connections' });
    expect(await count('AgentSeen')).to.equal(4096);
  });

  it('records what it says of an address every 5 s at most, however many calls say something else', async () => {
    for (let call = 0; call < 20; call++) {
      await classicPoll({ endpoints: failing(`reason-${String(call)}`) });
      await settled();
      await harness.clock.advance(500);
    }
    expect(await count('NewAddressFailed')).to.equal(2);
    await harness.clock.advance(5000);
    // What had to wait is recorded: it is said again in each introduction.
    await classicPoll({ endpoints: failing('reason-19') });
    await settled();
    expect((await dataOf<{ reason: string }>('NewAddressFailed')).map(({ reason }) => reason)).to.deep.equal(['reason-0', 'reason-10', 'reason-19']);
  });

  it('has one report of an address under way, however long the store takes', async () => {
    await classicPoll();
    const held = Promise.withResolvers<undefined>();
    harness.outage.afterAppend = () => held.promise;
    for (let call = 0; call < 5; call++) {
      await classicPoll({ endpoints: failing(`reason-${String(call)}`) });
      await harness.clock.advance(5000);
    }
    harness.outage.afterAppend = undefined;
    held.resolve(undefined);
    await settled();
    await classicPoll({ endpoints: failing('reason-4') });
    await settled();
    expect((await dataOf<{ reason: string }>('NewAddressFailed')).map(({ reason }) => reason)).to.deep.equal(['reason-0', 'reason-4']);
  });

  it('records what it reports of itself every 5 s at most, and the last of it in the end, however many calls say something else', async () => {
    await classicPoll();
    for (let call = 0; call < 20; call++) {
      await classicPoll({ report: { ...report, node: `press-${String(call)}` } });
      await harness.clock.advance(500);
    }
    expect(await count('AgentSeen')).to.equal(3);
    await classicPoll({ report: { ...report, node: 'press-at-last' }, address: '192.0.2.99' });
    const { address, report: last } = (await dataOf<{ address: string; report: { node: string } }>('AgentSeen')).at(-1) ?? {};
    expect({ address, node: last?.node }).to.deep.equal({ address: '192.0.2.99', node: 'press-at-last' });
  });

  it('lets in an agent whose news has to wait, and records it by a later poll of the same call', async () => {
    await classicPoll();
    await classicPoll({ report: { ...report, node: 'second' } });
    const open = await begin({ report: { ...report, node: 'third' } });
    await open.poll();
    expect(await count('AgentSeen')).to.equal(2);
    await harness.clock.advance(5000);
    await open.poll();
    expect((await dataOf<{ report: { node: string } }>('AgentSeen')).map((one) => one.report.node)).to.deep.equal(['press', 'second', 'third']);
  });

  it('keeps no more than an environment\'s share of what its agents bring, whatever they call themselves', async () => {
    const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
    const reasons = new Set<string | undefined>();
    for (let round = 0; round < 60; round++) {
      for (const node of nodes) reasons.add(await classicPoll({ instanceId: `start-${String(round)}`, report: swarmReport(node, false) }));
      await harness.clock.advance(250);
    }
    // Each node once; 60 and 4 for each node; and 20 a minute, for a quarter of one.
    expect(await count('AgentSeen')).to.be.within(5 + 60 + 4 * 5, 5 + 60 + 4 * 5 + 5);
    expect([...reasons]).to.deep.equal([undefined, 'polling-too-fast']);
    await harness.clock.advance(60_000);
    expect(await classicPoll({ instanceId: 'later', report: swarmReport('n1', false) })).to.equal(undefined);
  });

  it('keeps no more than that share of a hundred calls at once, the first of a new agent', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, call) => classicPoll({ report: { ...report, node: `press-${String(call)}` } })));
    expect(await count('AgentAssociated')).to.equal(1);
    expect(await count('AgentSeen')).to.be.within(1, 1 + 60);
  });

  it('takes a whole Swarm that is started anew at once, and once more when its engines answer', async () => {
    const nodes = Array.from({ length: 150 }, (_, index) => `n${String(index)}`);
    for (const start of ['first', 'second', 'third']) {
      const calls = nodes.map((node) => classicPoll({ instanceId: `${start}-${node}`, report: swarmReport(node, false) }));
      expect(new Set(await Promise.all(calls)), start).to.deep.equal(new Set([undefined]));
    }
    expect(await count('AgentSeen')).to.equal(450);
  });
});
