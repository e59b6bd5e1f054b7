/** A client that never keeps its call open: one request a call, and all of the protocol. */
import { expect } from 'chai';
import type { AgentRefused, IssuedCredentials, PollAnswer } from '../../services/application/ports/poll-admission.ts';
import type { OpenedTunnel } from '../../services/application/ports/tunnel-gate.ts';
import { environmentTunnel, type TunnelKey } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, joinSecretOf, startHarness } from './harness.ts';

const report = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };

describe('application: classic polls', () => {
  let harness: Harness;
  let environmentId: string;
  let key: TunnelKey;
  let sequence: number;
  let confirmedSequence: number;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    key = environmentTunnel(environmentId);
    sequence = 0;
    confirmedSequence = 0;
  });
  afterEach(() => harness.close());

  /** One call: its one request, the answer, its end. */
  async function poll(
    said: { readonly held?: readonly string[]; readonly failure?: { readonly credentialsId: string; readonly reason: string; readonly detail: string }; readonly joinSecret?: Uint8Array } = {},
  ): Promise<PollAnswer> {
    const { held = [], failure, joinSecret = joinSecretOf(environmentId, 1) } = said;
    const agent = await harness.agent(environmentId, { instanceId: 'classic', report, joinSecret });
    const answer = await agent.conversation.poll({ sequence: ++sequence, confirmedSequence, heldCredentialsIds: held, tunnelFailure: failure ?? null, report: null });
    agent.conversation.close({ isClassic: true });
    ({ confirmedSequence } = answer);
    // What is required may come by an early answer, before the one to the request.
    return { ...answer, required: [...agent.answers, answer].flatMap(({ required }) => required) };
  }

  const only = ({ required }: PollAnswer): IssuedCredentials => {
    const [credentials] = required;
    if (credentials === undefined || required.length !== 1) throw new Error(`${String(required.length)} credentials`);
    return credentials;
  };

  async function open({ credentialsId, secret }: IssuedCredentials): Promise<OpenedTunnel> {
    const tunnel = await harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId: 'classic', address: '192.0.2.7' });
    harness.live.add(`tunnel-${environmentId}`);
    harness.app.tunnels.ready(tunnel);
    return tunnel;
  }

  const count = async (type: string): Promise<number> => (await harness.types()).filter((one) => one === type).length;

  it('associate the environment, are recorded and confirmed, each once', async () => {
    await poll();
    await harness.clock.advance(5000);
    await eventually(async () => (await count('AgentPolled')) === 1);
    expect((await poll()).confirmedSequence).to.equal(1);
    await harness.clock.advance(5000);
    await eventually(async () => (await count('AgentPolled')) === 2);
    expect(await count('AgentAssociated')).to.equal(1);
    // The same instance, again and again, has nothing new to say of itself.
    expect(await count('AgentSeen')).to.equal(1);
    expect(await count('DuplicateAgentDetected')).to.equal(0);
  });

  it('keep whoever needs a tunnel waiting until the next one is due, and bring the credentials then', async () => {
    await poll();
    await harness.app.tunnels.require(key, admin);
    const waiting = harness.app.tunnels.waitUntilOpen(key, { timeoutMs: 30_000 });
    await harness.clock.advance(5000);
    await open(only(await poll()));
    await waiting;
  });

  it('that are not due in time tell whoever needs a tunnel so at once', async () => {
    await harness.app.environments.change(environmentId, { pollIntervalSeconds: 3600 }, admin);
    await poll();
    await harness.app.tunnels.require(key, admin);
    const refused = await harness.app.tunnels.waitUntilOpen(key, { timeoutMs: 30_000 }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'agent-not-polling');
  });

  it('are given no second credentials while the first are good, and new ones when those expired or failed', async () => {
    await harness.app.tunnels.require(key, admin);
    const first = only(await poll());
    expect((await poll({ held: [first.credentialsId] })).required).to.deep.equal([]);
    await harness.clock.advance(10_001);
    const second = only(await poll());
    const { credentialsId } = second;
    const third = only(await poll({ failure: { credentialsId, reason: 'connection-refused', detail: 'nothing listens there' } }));
    expect(new Set([first, second, third].map((one) => one.credentialsId))).to.have.lengthOf(3);
    expect([await count('TunnelCredentialsExpired'), await count('TunnelOpenFailed')]).to.deep.equal([1, 1]);
  });

  it('of an agent that lost its tunnel bring new credentials in the same answer', async () => {
    await harness.app.tunnels.require(key, admin);
    const tunnel = await open(only(await poll()));
    expect((await poll({ held: [tunnel.credentialsId] })).required).to.deep.equal([]);
    only(await poll({ held: [] }));
    expect(harness.drained).to.deep.equal([`tunnel-${environmentId} agent-reports-none`]);
  });

  it('learn a changed interval and a snapshot that is wanted from the next answer', async () => {
    expect(await poll()).to.include({ takeSnapshot: true, pollIntervalMs: 5000 });
    expect(await poll()).to.include({ takeSnapshot: false });
    await harness.app.settings.change({ pollIntervalSeconds: 60 }, admin);
    expect(await harness.app.snapshots.request(environmentId)).to.deep.equal({ agents: 0 });
    expect(await poll()).to.include({ takeSnapshot: true, pollIntervalMs: 60_000 });
  });

  it('are refused with the reason once the token was rotated', async () => {
    await poll();
    await harness.app.environments.rotateToken(environmentId, admin);
    const refused: unknown = await poll().catch((error: unknown) => error);
    expect((refused as AgentRefused).reason).to.equal('token-rotated');
    await poll({ joinSecret: joinSecretOf(environmentId, 2) });
  });
});
