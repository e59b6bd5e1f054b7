/** Tunnels that do not last: asked for again at once, and then ever more seldom. */
import { expect } from 'chai';
import type { IssuedCredentials } from '../../services/application/ports/poll-admission.ts';
import type { OpenedTunnel } from '../../services/application/ports/tunnel-gate.ts';
import { environmentTunnel, type TunnelKey } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness, swarmReport, type TestAgent } from './harness.ts';

describe('application: tunnels in trouble', () => {
  let harness: Harness;
  let environmentId: string;
  let key: TunnelKey;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    key = environmentTunnel(environmentId);
  });
  afterEach(() => harness.close());

  const given = ({ answers }: TestAgent): readonly IssuedCredentials[] => answers.flatMap(({ required }) => required);

  /** Waits for the agent's n-th credentials, counted from 1. */
  async function credentials(agent: TestAgent, count: number): Promise<IssuedCredentials> {
    await eventually(() => given(agent).length >= count);
    const found = given(agent)[count - 1];
    if (found === undefined) throw new Error('no credentials');
    return found;
  }

  async function open({ credentialsId, secret }: IssuedCredentials): Promise<OpenedTunnel> {
    return harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId: 'instance1', address: '192.0.2.7' });
  }

  /** Milliseconds until the agent is given its n-th credentials, by the clock; polls make no difference. */
  async function pauseBefore(agent: TestAgent, count: number): Promise<number> {
    const sinceMs = harness.clock.now();
    for (;;) {
      await agent.poll({ held: [] }).then(({ required }) => agent.answers.push(...(required.length > 0 ? [{ required } as TestAgent['answers'][number]] : [])));
      if (given(agent).length >= count) return harness.clock.now() - sinceMs;
      if (harness.clock.now() - sinceMs > 60_000) throw new Error('never asked again');
      await harness.clock.advance(500);
    }
  }

  it('that are lost right after each opening are asked for at once, then after 1, 2, 4 … 30 s, and at once again after one that lived', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(key, admin);
    const pauses: number[] = [];
    for (let count = 1; count <= 9; count++) {
      const tunnel = await open(await credentials(agent, count));
      await harness.app.tunnels.lost(tunnel, 'connection-lost');
      pauses.push(await pauseBefore(agent, count + 1));
      // Somebody goes on wanting it.
      await harness.app.tunnels.keepAlive(key);
    }
    expect(pauses).to.deep.equal([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    const lived = await open(await credentials(agent, 10));
    await harness.clock.advance(10_000);
    await harness.app.tunnels.lost(lived, 'connection-lost');
    expect(await pauseBefore(agent, 11)).to.equal(0);
  });

  it('that can not be opened are asked for at once, then ever more seldom, however often the agent polls', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(key, admin);
    const pauses: number[] = [];
    for (let count = 1; count <= 4; count++) {
      const { credentialsId } = await credentials(agent, count);
      const answer = await agent.poll({ failure: { credentialsId, reason: 'connection-refused', detail: 'nothing listens there' } });
      agent.answers.push(answer);
      pauses.push(await pauseBefore(agent, count + 1));
    }
    expect(pauses).to.deep.equal([0, 1000, 2000, 4000]);
  });

  it('whose sealed credentials an agent can not read are recorded with that reason, and it is given new ones, ever more seldom', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(key, admin);
    const unreadable = { credentialsId: '', reason: 'credentials-unreadable', detail: 'altered on the way' };
    const pauses: number[] = [];
    for (let count = 1; count <= 3; count++) {
      await credentials(agent, count);
      agent.answers.push(await agent.poll({ failure: unreadable }));
      pauses.push(await pauseBefore(agent, count + 1));
    }
    expect(pauses).to.deep.equal([0, 1000, 2000]);
    const failed = (await harness.events()).filter(({ type }) => type === 'TunnelOpenFailed').map(({ data }) => JSON.parse(data) as Record<string, unknown>);
    expect(failed.map(({ reason }) => reason)).to.deep.equal(Array(3).fill('credentials-unreadable'));
    expect(failed.map(({ credentialsId }) => credentialsId)).to.deep.equal(given(agent).slice(0, 3).map(({ credentialsId }) => credentialsId));
  });

  it('that an agent is just opening do not fail with others that it can not read', async () => {
    const agent = await harness.agent(environmentId, { report: swarmReport('m1', true) });
    await harness.app.tunnels.require(key, admin);
    const own = await credentials(agent, 1);
    const ofNode = await harness.app.tunnels.keyOf(environmentId, 'm1');
    await harness.app.tunnels.require(ofNode, admin);
    const other = await credentials(agent, 2);
    await agent.poll({ held: [own.credentialsId], failure: { credentialsId: '', reason: 'credentials-unreadable', detail: 'altered on the way' } });
    const failed = (await harness.events()).filter(({ type }) => type === 'TunnelOpenFailed').map(({ data }) => (JSON.parse(data) as { credentialsId: string }).credentialsId);
    expect(failed).to.deep.equal([other.credentialsId]);
  });

  it('are asked of an agent that had no trouble while the other one rests', async () => {
    const [manager, worker] = [await harness.agent(environmentId, { report: swarmReport('m1', true) }), await harness.agent(environmentId, { report: swarmReport('w1', false) })];
    await harness.app.tunnels.require(key, admin);
    for (const [agent, count] of [[manager, 1], [manager, 2], [worker, 1]] as const) {
      await harness.app.tunnels.lost(await open(await credentials(agent, count)), 'connection-lost');
    }
    // The manager had trouble twice, the worker once.
    await credentials(worker, 2);
    expect(given(manager)).to.have.length(2);
  });

  it('are shown with the last failure, and whoever waits in vain is told of it', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(key, admin);
    const waiting = harness.app.tunnels.waitUntilOpen(key, { timeoutMs: 2500 }).catch((error: unknown) => error);
    for (const count of [1, 2, 3]) {
      await harness.app.tunnels.lost(await open(await credentials(agent, count)), 'connection-lost');
      await harness.clock.advance(1000);
    }
    const { state, lastFailure } = await harness.app.tunnels.status(key);
    expect(state).to.equal('required');
    expect(lastFailure).to.include({ reason: 'connection-lost', at: '2026-01-31T12:00:02.000Z' });
    const error = await waiting;
    expect(error).to.include({ code: 'tunnel-timeout', retryAfterSeconds: 5 });
    expect(String(error)).to.match(/what went wrong last: the tunnel was lost \(connection-lost, 2026-01-31T12:00:02\.000Z\)/);
  });
});
