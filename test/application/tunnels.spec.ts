import { expect } from 'chai';
import type { IssuedCredentials, PollAnswer } from '../../services/application/ports/poll-admission.ts';
import type { OpenedTunnel } from '../../services/application/ports/tunnel-gate.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness, swarmReport } from './harness.ts';

describe('application: tunnels', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const only = ({ required }: PollAnswer): IssuedCredentials => {
    const [credentials] = required;
    if (credentials === undefined || required.length !== 1) throw new Error(`${String(required.length)} credentials`);
    return credentials;
  };

  const open = ({ credentialsId, secret }: IssuedCredentials, over: { environmentId?: string; secret?: Uint8Array } = {}): Promise<OpenedTunnel> =>
    harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId: 'instance1', address: '192.0.2.7', ...over });

  const key = () => environmentTunnel(environmentId);

  /** Requires, lets an agent take the credentials and opens the tunnel. */
  async function opened(): Promise<{ agent: Awaited<ReturnType<Harness['agent']>>; tunnel: OpenedTunnel; credentials: IssuedCredentials }> {
    await harness.app.tunnels.require(key(), admin);
    const agent = await harness.agent(environmentId);
    const credentials = only(await agent.poll());
    const tunnel = await open(credentials);
    harness.live.add(`tunnel-${environmentId}`);
    harness.app.tunnels.ready(tunnel);
    return { agent, tunnel, credentials };
  }

  it('says not needed while nobody needs it, and gives credentials in the answer once somebody does', async () => {
    const agent = await harness.agent(environmentId);
    expect((await agent.poll()).required).to.deep.equal([]);
    await harness.app.tunnels.require(key(), admin);
    await eventually(() => agent.answers.length === 1);
    expect(only(agent.answers[0] as PollAnswer).secret).to.have.length(32);
  });

  it('tells one agent only while its credentials are good', async () => {
    const first = await harness.agent(environmentId, { report: swarmReport('n1', false) });
    const second = await harness.agent(environmentId, { report: swarmReport('n2', false) });
    await first.poll();
    await harness.app.tunnels.require(key(), admin);
    await eventually(() => first.answers.length === 1);
    expect((await second.poll()).required).to.deep.equal([]);
    expect(second.answers).to.deep.equal([]);
  });

  it('asks the next agent when the first has not opened within 10 s, and not the first again', async () => {
    const first = await harness.agent(environmentId, { report: swarmReport('n1', false) });
    const second = await harness.agent(environmentId, { report: swarmReport('n2', false) });
    await harness.app.tunnels.require(key(), admin);
    await eventually(() => first.answers.length === 1);
    await harness.clock.advance(10_001);
    await eventually(() => second.answers.length === 1);
    expect(first.answers).to.have.length(1);
    expect(await harness.types()).to.include.members(['TunnelCredentialsExpired', 'TunnelCredentialsRevoked']);
  });

  it('wakes those who wait when the tunnel is ready', async () => {
    await harness.app.tunnels.require(key(), admin);
    const agent = await harness.agent(environmentId);
    const waiting = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 30_000 });
    const tunnel = await open(only(await agent.poll()));
    harness.live.add(`tunnel-${environmentId}`);
    harness.app.tunnels.ready(tunnel);
    await waiting;
  });

  it('tells who waits in vain why: no agent polls, or the agent did not come in time', async () => {
    await harness.app.tunnels.require(key(), admin);
    const nobody = await harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 1000 }).catch((error: unknown) => error);
    expect(nobody).to.have.property('code', 'agent-not-polling');
    await harness.agent(environmentId);
    const late = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 1000 }).catch((error: unknown) => error);
    await harness.clock.advance(1001);
    expect(await late).to.have.property('code', 'tunnel-timeout');
  });

  it('lets exactly one of two tunnels with the same credentials open', async () => {
    await harness.app.tunnels.require(key(), admin);
    const agent = await harness.agent(environmentId);
    const credentials = only(await agent.poll());
    const results = await Promise.allSettled([open(credentials), open(credentials)]);
    expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).to.have.property('reason', 'credentials-used');
  });

  it('refuses and records tampered, foreign, unknown, used, expired and revoked credentials and an unreadable hello, each with its reason', async () => {
    const other = await harness.createEnvironment('other');
    await harness.app.tunnels.require(key(), admin);
    const agent = await harness.agent(environmentId);
    const credentials = only(await agent.poll());
    const reasons: string[] = [];
    const attempt = async (given: IssuedCredentials, over: Parameters<typeof open>[1] = {}) => {
      reasons.push(await open(given, over).then(
        () => 'opened',
        (error: unknown) => (error as { reason: string }).reason,
      ));
      // So many refusals of one peer are recorded within a minute, and no more.
      if (reasons.length % 4 === 0) await harness.clock.jump(60_000);
    };
    await attempt(credentials, { secret: new Uint8Array(32) });
    await attempt(credentials, { environmentId: other });
    await attempt({ ...credentials, credentialsId: 'neverissued' });
    const tunnel = await open(credentials);
    await attempt(credentials);
    await harness.app.tunnels.lost(tunnel, 'connection-lost');
    await attempt(credentials);
    await eventually(() => agent.answers.length > 0);
    const late = only(agent.answers.at(-1) as PollAnswer);
    await harness.clock.jump(10_000);
    await attempt(late);
    await harness.app.tunnels.disconnect(key(), admin);
    const answers = agent.answers.length;
    await harness.app.tunnels.require(key(), admin);
    await eventually(() => agent.answers.length > answers);
    const revoked = only(agent.answers.at(-1) as PollAnswer);
    await harness.app.tunnels.disconnect(key(), admin);
    await attempt(revoked);
    reasons.push(harness.app.tunnels.refuseMalformed('192.0.2.9').reason);
    expect(reasons).to.deep.equal([
      'wrong-secret',
      'wrong-environment',
      'unknown-credentials',
      'credentials-used',
      'credentials-used',
      'credentials-expired',
      'credentials-revoked',
      'malformed-credentials',
    ]);
    const recorded = async () => (await harness.events()).filter(({ type }) => type === 'TunnelCredentialsRefused').map(({ data }) => (JSON.parse(data) as { reason: string }).reason);
    await eventually(async () => (await recorded()).length === reasons.length);
    expect(await recorded()).to.deep.equal(reasons);
  });

  it('issues new credentials at once when a tunnel is lost that is still required', async () => {
    const { agent, tunnel, credentials } = await opened();
    harness.live.clear();
    await harness.app.tunnels.lost(tunnel, 'connection-lost');
    await eventually(() => agent.answers.length === 1);
    expect(only(agent.answers[0] as PollAnswer).credentialsId).not.to.equal(credentials.credentialsId);
  });

  it('believes an agent that holds no tunnel over its own record', async () => {
    const { agent, credentials } = await opened();
    const quiet = await agent.poll({ held: [credentials.credentialsId] });
    expect(quiet.required).to.deep.equal([]);
    await agent.poll({ held: [] });
    expect(harness.drained).to.deep.equal([`tunnel-${environmentId} agent-reports-none`]);
    expect((await harness.types()).filter((type) => type === 'TunnelCredentialsIssued')).to.have.length(2);
  });

  it('asks for a sign of life where the agent is back as another instance, and gives that one credentials as soon as there is none', async () => {
    const { tunnel } = await opened();
    const restarted = await harness.agent(environmentId);
    // The former call and the former tunnel still look open: a machine that was switched off says no goodbye.
    expect((await restarted.poll()).required).to.deep.equal([]);
    expect(harness.proven).to.deep.equal([`tunnel-${environmentId}`]);
    harness.live.clear();
    await harness.app.tunnels.lost(tunnel, 'connection-lost');
    await eventually(() => restarted.answers.some(({ required }) => required.length === 1));
  });

  it('asks no agent for a sign of life that another of its Swarm polls beside', async () => {
    await harness.app.tunnels.require(key(), admin);
    const first = await harness.agent(environmentId, { report: swarmReport('n1', true) });
    await open(only(await first.poll()));
    const second = await harness.agent(environmentId, { report: swarmReport('n2', false) });
    await second.poll();
    expect(harness.proven).to.deep.equal([]);
  });

  it('records why an agent could not open its tunnel, and asks again', async () => {
    await harness.app.tunnels.require(key(), admin);
    const agent = await harness.agent(environmentId);
    const { credentialsId } = only(await agent.poll());
    await agent.poll({ failure: { credentialsId, reason: 'fingerprint-mismatch', detail: 'another key' } });
    const failed = (await harness.events()).find(({ type }) => type === 'TunnelOpenFailed');
    expect(JSON.parse(failed?.data ?? '{}')).to.include({ reason: 'fingerprint-mismatch', credentialsId });
    expect((await harness.types()).filter((type) => type === 'TunnelCredentialsIssued')).to.have.length(2);
  });

  it('closes an idle tunnel and revokes its credentials, in this order', async () => {
    const { tunnel } = await opened();
    const lastUsedAtMs = harness.clock.now();
    await harness.clock.advance(300_000);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: true })).to.equal(false);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs: harness.clock.now() - 1, inUse: false })).to.equal(false);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: false })).to.equal(true);
    expect(await harness.types()).not.to.include('TunnelClosed');
    await harness.app.tunnels.closed(tunnel);
    expect((await harness.types()).slice(-2)).to.deep.equal(['TunnelClosed', 'TunnelCredentialsRevoked']);
  });

  it("closes an idle tunnel by its agent's own timeout where that is the shorter one, and never by a longer one", async () => {
    const { tunnel } = await opened();
    const lastUsedAtMs = harness.clock.now();
    await harness.clock.advance(5000);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: false, agentIdleMs: 30_000 })).to.equal(false);
    // The agent saw the last bytes a moment before they arrived here.
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs: lastUsedAtMs + 20, inUse: false, agentIdleMs: 5000 })).to.equal(true);
    await harness.app.tunnels.closed(tunnel);
    expect((await harness.types()).filter((type) => type.startsWith('Tunnel')).slice(-2)).to.deep.equal(['TunnelClosed', 'TunnelCredentialsRevoked']);
  });

  it('stays open for a keep-alive', async () => {
    const { tunnel } = await opened();
    const lastUsedAtMs = harness.clock.now();
    await harness.clock.advance(200_000);
    await harness.app.tunnels.keepAlive(key());
    await harness.clock.advance(200_000);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: false })).to.equal(false);
  });

  it('requires it again for a request that came in just as it idled out', async () => {
    const { tunnel, agent } = await opened();
    const lastUsedAtMs = harness.clock.now();
    await harness.clock.advance(300_000);
    const closing = harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: false });
    harness.live.clear();
    const waiting = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 30_000 });
    expect(await closing).to.equal(true);
    await eventually(() => agent.answers.length === 1);
    const again = await open(only(agent.answers[0] as PollAnswer));
    harness.app.tunnels.ready(again);
    await waiting;
  });

  it('requires it again at once for a request that comes while the agent takes its last snapshot', async () => {
    const { tunnel, agent } = await opened();
    const lastUsedAtMs = harness.clock.now();
    await harness.clock.advance(300_000);
    expect(await harness.app.tunnels.mayClose(tunnel, { lastUsedAtMs, inUse: false })).to.equal(true);
    harness.live.clear();
    await harness.app.tunnels.require(key(), admin);
    const waiting = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 30_000 });
    await eventually(() => agent.answers.length === 1);
    const again = await open(only(agent.answers[0] as PollAnswer));
    // The former takes its leave only now, and takes nothing with it.
    await harness.app.tunnels.closed(tunnel);
    harness.app.tunnels.ready(again);
    await waiting;
    expect(await harness.app.tunnels.status(key())).to.include({ state: 'open' });
  });

  it('lets a requirement lapse that nobody uses, and not while somebody waits or keeps it', async () => {
    await harness.app.tunnels.require(key(), admin);
    await harness.clock.advance(200_000);
    await harness.app.tunnels.keepAlive(key());
    await harness.clock.advance(200_000);
    await harness.agent(environmentId);
    const waiting = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 400_000 }).catch((error: unknown) => error);
    await harness.clock.advance(399_000);
    expect(await harness.types()).not.to.include('TunnelRequirementLapsed');
    await harness.clock.advance(10_000);
    expect(await waiting).to.have.property('code', 'tunnel-timeout');
    await eventually(async () => (await harness.types()).includes('TunnelRequirementLapsed'));
    expect(await harness.app.tunnels.status(key())).to.include({ state: 'closed' });
  });

  it('lets a requirement lapse also where an agent is asked again and again and never opens', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(key(), admin);
    for (let seconds = 0; seconds < 310; seconds += 5) {
      await harness.clock.advance(5000);
      await agent.poll();
    }
    await eventually(async () => (await harness.types()).includes('TunnelRequirementLapsed'));
    expect(await harness.app.tunnels.status(key())).to.include({ state: 'closed' });
    const asked = agent.answers.length;
    await harness.clock.advance(60_000);
    expect((await agent.poll()).required).to.deep.equal([]);
    expect(agent.answers).to.have.length(asked);
  });

  it('tells who waits for it at once when somebody disconnects it', async () => {
    await harness.agent(environmentId);
    await harness.app.tunnels.require(key(), admin);
    const waiting = harness.app.tunnels.waitUntilOpen(key(), { timeoutMs: 30_000 }).catch((error: unknown) => error);
    await harness.app.tunnels.disconnect(key(), admin);
    expect(await waiting).to.have.property('code', 'tunnel-disconnected');
  });

  it('closes what an earlier process of this node left open as server-restarted, and gives new credentials', async () => {
    await opened();
    harness.live.clear();
    const next = await harness.restart({
      async *unclosedTunnels() {
        yield [key()];
      },
    });
    const lost = (await harness.events()).find(({ type }) => type === 'TunnelLost');
    expect(JSON.parse(lost?.data ?? '{}')).to.include({ reason: 'server-restarted' });
    expect(await next.tunnels.status(key())).to.include({ state: 'required' });
  });

  it('carries one correlation id from the request to the opened tunnel, and names who did each', async () => {
    await opened();
    const chain = (await harness.events()).filter(({ type }) => ['TunnelRequired', 'TunnelCredentialsIssued', 'TunnelOpened'].includes(type));
    const metadata = chain.map((event) => JSON.parse(event.metadata) as { $correlationId: string; actor: string });
    expect(metadata.map(({ $correlationId }) => $correlationId)).to.deep.equal(Array(3).fill(admin.correlationId));
    expect(metadata.map(({ actor }) => actor)).to.deep.equal(['user:admin', 'system:cp1', `agent:${environmentId}/node1`]);
  });
});
