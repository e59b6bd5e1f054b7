import { expect } from 'chai';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness, swarmReport } from './harness.ts';

describe('application: while the store is away, and after', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  /** Until so many events of a type are recorded, with time going on. */
  const recorded = (type: string, wanted: number) =>
    eventually(async () => {
      await harness.clock.advance(100);
      return (await count(type)) === wanted;
    });
  const count = async (type: string): Promise<number> => (await harness.types()).filter((one) => one === type).length;

  it('issues credentials again when they expired meanwhile', async () => {
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    const agent = await harness.agent(environmentId);
    expect((await agent.poll()).required).to.have.length(1);
    harness.outage.isOn = true;
    await harness.clock.advance(11_000);
    harness.outage.isOn = false;
    expect((await agent.poll()).required).to.have.length(1);
  });

  it('expires credentials by itself once it is back, so that another agent is asked', async () => {
    const [first, second] = [await harness.agent(environmentId, { report: swarmReport('n1', true) }), await harness.agent(environmentId, { report: swarmReport('n2', false) })];
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await eventually(() => first.answers.length === 1);
    harness.outage.isOn = true;
    await harness.clock.advance(11_000);
    harness.outage.isOn = false;
    await eventually(async () => {
      await harness.clock.advance(100);
      return second.answers.length === 1;
    });
  });

  it('records a lost and a restored heartbeat late rather than never', async () => {
    const agent = await harness.agent(environmentId);
    agent.conversation.close({ isClassic: false });
    harness.outage.isOn = true;
    await harness.clock.advance(25_000);
    expect(await count('HeartbeatLost')).to.equal(0);
    harness.outage.isOn = false;
    await recorded('HeartbeatLost', 1);

    const back = await harness.agent(environmentId, { instanceId: 'instance1', report: { node: 'node1', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null } });
    await recorded('HeartbeatRestored', 1);
    await back.poll();
    expect(await count('HeartbeatRestored')).to.equal(1);
  });

  it('keeps polls and writes each once when it is back', async () => {
    const agent = await harness.agent(environmentId);
    harness.outage.isOn = true;
    for (let sequence = 1; sequence <= 5; sequence++) {
      await agent.poll({ sequence });
      await harness.clock.advance(1100);
    }
    expect(await count('AgentPolled')).to.equal(0);
    harness.outage.isOn = false;
    await recorded('AgentPolled', 5);
    expect(await count('PollsLost')).to.equal(0);
  });

  it('keeps so many polls in memory and no more, and counts exactly those that found no room', async () => {
    const agent = await harness.agent(environmentId);
    harness.outage.isOn = true;
    const sent = 10_000;
    for (let sequence = 1; sequence <= sent; sequence++) {
      // At its pace: what polls faster is refused.
      await harness.clock.jump(1000);
      await agent.poll({ sequence });
    }
    const kept = harness.app.pollsBuffered();
    expect(kept).to.be.within(8192, 8192 + 1024);
    harness.outage.isOn = false;
    await eventually(async () => {
      await harness.clock.advance(1000);
      return harness.app.pollsBuffered() === 0;
    });
    await agent.poll({ sequence: sent + 1 });
    await recorded('AgentPolled', kept + 1);
    expect((await lossesOf(harness)).map(({ from, to, count: lost }) => [from, to, lost])).to.deep.equal([[kept + 1, sent, sent - kept]]);
    expect(harness.app.tallies).to.include({ polls: sent + 1, pollsLost: sent - kept });
  });

  it('records polls however long the names in them are', async () => {
    const agents = await Promise.all(Array.from({ length: 60 }, (_, index) => harness.agent(environmentId, { report: swarmReport(`n${String(index)}`, false, '機'.repeat(256)) })));
    for (const agent of agents) for (let sequence = 1; sequence <= 20; sequence++) await agent.poll({ sequence });
    await recorded('AgentPolled', 1200);
  });

  it('says unavailable to whoever decides, and goes on deciding afterwards', async () => {
    harness.outage.isOn = true;
    const error: unknown = await harness.app.environments.create({ name: 'second', address: 'cp.example:9443' }, admin).catch((caught: unknown) => caught);
    expect(error).to.have.property('code', 'event-store-unavailable');
    harness.outage.isOn = false;
    await harness.app.environments.create({ name: 'second', address: 'cp.example:9443' }, admin);
  });
});

/** What PollsLost events say. */
async function lossesOf(harness: Harness): Promise<readonly { readonly from: number; readonly to: number; readonly count: number }[]> {
  const events = await harness.events();
  return events.filter(({ type }) => type === 'PollsLost').map(({ data }) => JSON.parse(data) as { from: number; to: number; count: number });
}
