import { expect } from 'chai';
import type { IssuedCredentials } from '../../services/application/ports/poll-admission.ts';
import type { OpenedTunnel } from '../../services/application/ports/tunnel-gate.ts';
import { environmentTunnel, type TunnelKey, tunnelStream } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness, swarmReport, type TestAgent } from './harness.ts';

describe('application: tunnels of a Swarm', () => {
  let harness: Harness;
  let environmentId: string;
  let key: TunnelKey;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    key = environmentTunnel(environmentId);
  });
  afterEach(() => harness.close());

  /** An agent that has been connected for longer than those after it. */
  async function join(nodeId: string, role: 'manager' | 'worker', over: { readonly host?: string; readonly instanceId?: string } = {}): Promise<TestAgent> {
    const { host, ...rest } = over;
    const agent = await harness.agent(environmentId, { report: swarmReport(nodeId, role === 'manager', host), ...rest });
    await harness.clock.advance(1000);
    return agent;
  }

  /** Waits until credentials were issued `count` times, and returns who got them in that order, by node. */
  async function asked(count: number, tunnel = key): Promise<readonly string[]> {
    const nodes = async () => {
      const issued = (await harness.events()).filter(({ stream, type }) => stream === tunnelStream(tunnel) && type === 'TunnelCredentialsIssued');
      return issued.map(({ data }) => (JSON.parse(data) as { agentNode: string }).agentNode);
    };
    await eventually(async () => (await nodes()).length >= count);
    return nodes();
  }

  async function credentialsOf(agent: TestAgent): Promise<IssuedCredentials> {
    await eventually(() => agent.answers.some(({ required }) => required.length > 0));
    const credentials = agent.answers.at(-1)?.required[0];
    if (credentials === undefined) throw new Error('no credentials');
    return credentials;
  }

  async function open(agent: TestAgent): Promise<OpenedTunnel> {
    const { credentialsId, secret } = await credentialsOf(agent);
    const tunnel = await harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId: 'any', address: '192.0.2.7' });
    harness.live.add(tunnelStream(tunnel.key));
    harness.app.tunnels.ready(tunnel);
    return tunnel;
  }

  async function lose(tunnel: OpenedTunnel): Promise<void> {
    harness.live.clear();
    await harness.app.tunnels.lost(tunnel, 'connection-lost');
  }

  it('are asked of the manager that is connected longest, whoever polls first', async () => {
    const workers = [await join('w1', 'worker'), await join('w2', 'worker')];
    await join('m1', 'manager');
    await join('m2', 'manager');
    await harness.app.tunnels.require(key, admin);
    const answers = await Promise.all(workers.map((worker) => worker.poll()));
    expect(answers.flatMap(({ required }) => required)).to.deep.equal([]);
    expect(await asked(1)).to.deep.equal(['host-m1']);
  });

  it('are asked of all in turn while none opens: managers first, and the first again last', async () => {
    for (const [nodeId, role] of [['w1', 'worker'], ['m1', 'manager'], ['m2', 'manager']] as const) await join(nodeId, role);
    await harness.app.tunnels.require(key, admin);
    for (let count = 1; count < 5; count++) {
      await asked(count);
      await harness.clock.advance(10_001);
    }
    expect((await asked(5)).slice(0, 5)).to.deep.equal(['host-m1', 'host-m2', 'host-w1', 'host-m1', 'host-m2']);
  });

  it('are not given again to an agent that just failed, though it polls first', async () => {
    const first = await join('m1', 'manager');
    await join('w1', 'worker');
    await harness.app.tunnels.require(key, admin);
    const { credentialsId } = await credentialsOf(first);
    const { required } = await first.poll({ failure: { credentialsId, reason: 'fingerprint-mismatch', detail: 'x' } });
    expect(required).to.deep.equal([]);
    expect(await asked(2)).to.deep.equal(['host-m1', 'host-w1']);
  });

  it('are asked of another manager at once when the node that held it dies', async () => {
    const first = await join('m1', 'manager');
    await join('m2', 'manager');
    await harness.app.tunnels.require(key, admin);
    // Its polls may look alive for longer than its tunnel.
    await lose(await open(first));
    expect(await asked(2)).to.deep.equal(['host-m1', 'host-m2']);
  });

  it('are asked of the next one at once when an agent that was asked leaves', async () => {
    const first = await join('m1', 'manager');
    await join('w1', 'worker');
    await harness.app.tunnels.require(key, admin);
    await asked(1);
    first.conversation.close({ isClassic: false });
    expect(await asked(2)).to.deep.equal(['host-m1', 'host-w1']);
    const failed = (await harness.events()).find(({ type }) => type === 'TunnelOpenFailed');
    expect(JSON.parse(failed?.data ?? '{}')).to.include({ reason: 'agent-left' });
  });

  it('are asked of the next one also when it leaves while its credentials are being recorded, as one that was killed does', async () => {
    const first = await join('m1', 'manager');
    await join('w1', 'worker');
    await harness.app.tunnels.require(key, admin);
    const tunnel = await open(first);
    harness.live.clear();
    const lost = harness.app.tunnels.lost(tunnel, 'connection-lost');
    await eventually(async () => (await harness.types()).includes('TunnelLost'));
    first.conversation.close({ isClassic: false });
    await lost;
    await eventually(async () => (await asked(2)).at(-1) === 'host-w1');
  });

  it('are asked of an agent by its newest call, and not of the instance before it whose call only looks open', async () => {
    const [before, stale] = [await join('m1', 'manager', { instanceId: 'old' }), await join('m1', 'manager', { instanceId: 'new' })];
    const back = await join('m1', 'manager', { instanceId: 'new' });
    await harness.app.tunnels.require(key, admin);
    await credentialsOf(back);
    expect([...before.answers, ...stale.answers]).to.deep.equal([]);
  });

  it('of classic agents are given to the first one that asks', async () => {
    const agents = [await join('w1', 'worker'), await join('m1', 'manager')];
    for (const { conversation } of agents) conversation.close({ isClassic: true });
    await harness.app.tunnels.require(key, admin);
    const asking = await join('w2', 'worker');
    expect((await asking.poll()).required).to.have.length(1);
  });

  it('to a certain node are asked of its agent alone, beside the environment\'s own', async () => {
    const [manager, worker] = [await join('m1', 'manager'), await join('w1', 'worker')];
    const ofWorker = await harness.app.tunnels.keyOf(environmentId, 'w1');
    await harness.app.tunnels.require(key, admin);
    await harness.app.tunnels.require(ofWorker, admin);
    expect(await asked(1)).to.deep.equal(['host-m1']);
    expect(await asked(1, ofWorker)).to.deep.equal(['host-w1']);
    const opened = [await open(manager), await open(worker)];
    expect(opened.map(({ key: { node } }) => node)).to.deep.equal([null, 'w1']);
  });

  it('are found by a node\'s id or host name, ignoring case', async () => {
    await join('m1', 'manager', { host: 'Press.example' });
    for (const asked of ['m1', 'Press.example', 'press.EXAMPLE']) {
      expect(await harness.app.tunnels.keyOf(environmentId, asked)).to.deep.equal({ environmentId, node: 'm1' });
    }
    expect(await harness.app.tunnels.keyOf(environmentId, null)).to.deep.equal(key);
  });

  it('by the name of a node that is not there, or that several have, are refused in words', async () => {
    await join('m1', 'manager', { host: 'press' });
    const unknown = await harness.app.tunnels.keyOf(environmentId, 'mill').catch((error: unknown) => error);
    expect(unknown).to.include({ code: 'node-not-found' });
    expect(String(unknown)).to.match(/press \(m1\)/);
    const again = await join('m2', 'manager', { host: 'press' });
    const ambiguous = await harness.app.tunnels.keyOf(environmentId, 'press').catch((error: unknown) => error);
    expect(ambiguous).to.include({ code: 'node-not-found' });
    expect(String(ambiguous)).to.match(/m1, m2/);
    // One that left its Swarm and came back under another id is the one that is there.
    again.conversation.close({ isClassic: false });
    expect(await harness.app.tunnels.keyOf(environmentId, 'press')).to.deep.equal({ environmentId, node: 'm1' });
  });

  it('to a node whose agent is away fail at once, though others of the environment poll', async () => {
    await join('m1', 'manager');
    const worker = await join('w1', 'worker');
    worker.conversation.close({ isClassic: false });
    const ofWorker = await harness.app.tunnels.keyOf(environmentId, 'w1');
    await harness.app.tunnels.require(ofWorker, admin);
    // It may be back in a moment.
    const soon = harness.app.tunnels.waitUntilOpen(ofWorker, { timeoutMs: 1000 }).catch((error: unknown) => error);
    await harness.clock.advance(60_000);
    expect(await soon).to.have.property('code', 'tunnel-timeout');
    expect(await harness.app.tunnels.waitUntilOpen(ofWorker, { timeoutMs: 1000 }).catch((error: unknown) => error)).to.have.property('code', 'agent-not-polling');
  });
});
