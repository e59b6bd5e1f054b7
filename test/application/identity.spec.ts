/** Who an environment's agent is: tokens, Edge IDs, and two that claim to be the same. */
import { expect } from 'chai';
import type { AgentRefused, IssuedCredentials, PollIntroduction } from '../../services/application/ports/poll-admission.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, joinSecretOf, startHarness, type TestAgent } from './harness.ts';

describe('application: identity', () => {
  let harness: Harness;
  let environmentId: string;
  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const edgeIdOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const eventData = async <Data>(type: string): Promise<Data[]> =>
    (await harness.events()).filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as Data);
  const refusal = (over: Partial<PollIntroduction>): Promise<AgentRefused | undefined> =>
    harness.agent(environmentId, over).then(
      () => undefined,
      (error: unknown) => error as AgentRefused,
    );
  const reasonOf = async (over: Partial<PollIntroduction>): Promise<string> => (await refusal(over))?.reason ?? 'admitted';
  const reasons = ({ refusals }: TestAgent): string[] => refusals.map(({ reason }) => reason);

  /** Polls as an agent does every interval; what it sent is recorded before the next. */
  async function goOn(agent: TestAgent, polls: number): Promise<void> {
    for (let poll = 0; poll < polls; poll++) {
      const before = (await eventData('AgentPolled')).length;
      await agent.poll();
      await harness.clock.advance(100);
      await eventually(async () => (await eventData('AgentPolled')).length > before);
    }
  }

  /** A tunnel that the agent was asked for and opened. */
  async function openTunnel(agent: TestAgent, instanceId: string): Promise<IssuedCredentials> {
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await eventually(() => agent.answers.some(({ required }) => required.length > 0));
    const [credentials] = agent.answers.flatMap(({ required }) => required);
    if (credentials === undefined) throw new Error('no credentials');
    const { credentialsId, secret } = credentials;
    harness.app.tunnels.ready(await harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId, address: '192.0.2.7' }));
    harness.live.add(`tunnel-${environmentId}`);
    return credentials;
  }

  it('lets exactly one of twenty agents with different Edge IDs associate, a hundred times', async function () {
    this.timeout(60_000);
    for (let round = 0; round < 100; round++) {
      const id = await harness.createEnvironment(`round ${String(round)}`);
      const racing = Array.from({ length: 20 }, (_, index) =>
        harness.agent(id, { environmentId: id, joinSecret: joinSecretOf(id, 1), edgeId: edgeIdOf(index), address: `192.0.2.${String(index)}` }).then(
          () => 'admitted',
          (error: unknown) => (error as AgentRefused).reason,
        ),
      );
      const results = (await Promise.all(racing)).sort();
      expect(results).to.deep.equal(['admitted', ...Array<string>(19).fill('edge-id-mismatch')]);
    }
    const associated = (await eventData<{ environmentId: string }>('AgentAssociated')).map((data) => data.environmentId);
    expect(new Set(associated).size).to.equal(100);
    expect(associated).to.have.length(100);
  });

  it('refuses agents with the former token once it is rotated, ends their polls and tunnel, and takes the new one', async () => {
    const agent = await harness.agent(environmentId);
    await openTunnel(agent, 'instance1');
    const waiting = harness.app.environments.rotateToken(environmentId, admin);
    await waiting;
    expect(reasons(agent)).to.deep.equal(['token-rotated']);
    expect(harness.drained).to.deep.equal([`tunnel-${environmentId} token-rotated`]);
    expect((await harness.types()).slice(-3)).to.deep.equal(['JoinTokenRotated', 'TunnelClosed', 'TunnelCredentialsRevoked']);
    expect(await reasonOf({})).to.equal('token-rotated');
    await harness.app.environments.rotateToken(environmentId, admin);
    expect(await reasonOf({})).to.equal('token-rotated');
    expect(await reasonOf({ joinSecret: joinSecretOf(environmentId, 4) })).to.equal('wrong-join-secret');
    expect(await reasonOf({ joinSecret: joinSecretOf(environmentId, 3) })).to.equal('admitted');
    await eventually(async () => (await eventData('PollRejected')).length === 3);
    expect((await eventData<{ reason: string }>('PollRejected')).map(({ reason }) => reason)).to.deep.equal(['token-rotated', 'token-rotated', 'wrong-join-secret']);
  });

  it('revokes credentials that were on their way when the token was rotated', async () => {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await eventually(() => agent.answers.length > 0);
    const [credentials] = agent.answers.flatMap(({ required }) => required);
    await harness.app.environments.rotateToken(environmentId, admin);
    const { credentialsId = '', secret = new Uint8Array() } = credentials ?? {};
    const late: unknown = await harness.app.tunnels.open({ environmentId, credentialsId, secret, instanceId: 'instance1', address: '192.0.2.7' }).catch((error: unknown) => error);
    expect(late).to.have.property('reason', 'credentials-revoked');
  });

  it('tells who waits for a tunnel at once that its agent needs another token', async () => {
    await harness.agent(environmentId);
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    const waiting = harness.app.tunnels.waitUntilOpen(environmentTunnel(environmentId), { timeoutMs: 60_000 }).catch((error: unknown) => error);
    await harness.app.environments.rotateToken(environmentId, admin);
    expect(await waiting).to.have.property('code', 'agent-not-polling');
  });

  it('parts an environment from its agent: it is refused until an admin allows it, and another may join meanwhile', async () => {
    const agent = await harness.agent(environmentId);
    await openTunnel(agent, 'instance1');
    const { position } = await harness.app.environments.disassociate(environmentId, admin);
    expect(position).to.be.a('string');
    expect(reasons(agent)).to.deep.equal(['edge-id-barred']);
    expect(harness.drained).to.deep.equal([`tunnel-${environmentId} disassociated`]);
    expect(await reasonOf({})).to.equal('edge-id-barred');
    expect((await harness.app.environments.disassociate(environmentId, admin)).position).to.equal(undefined);
    const { edgeId } = await harness.app.environments.deployment(environmentId);
    expect(await reasonOf({ edgeId })).to.equal('admitted');
    expect(await reasonOf({ edgeId: edgeIdOf(5) })).to.equal('edge-id-mismatch');
    await harness.app.environments.disassociate(environmentId, admin);
    const allowed = '11111111-1111-4111-8111-111111111111';
    await harness.app.environments.allowEdgeId(environmentId, allowed.toUpperCase(), admin);
    const again: unknown = await harness.app.environments.allowEdgeId(environmentId, allowed, admin).catch((error: unknown) => error);
    expect(again).to.have.property('code', 'edge-id-not-barred');
    expect(await reasonOf({})).to.equal('admitted');
  });

  it('lets no agent slip in that introduces itself while it is disassociated', async () => {
    const first = await harness.agent(environmentId);
    const slipping = Promise.all([reasonOf({ instanceId: 'again' }), harness.app.environments.disassociate(environmentId, admin), reasonOf({ instanceId: 'once more' })]);
    await slipping;
    const late = await harness.agent(environmentId, { edgeId: edgeIdOf(9) });
    expect(reasons(first)).to.deep.equal(['edge-id-barred']);
    expect(reasons(late)).to.deep.equal([]);
    expect((await eventData<{ edgeId: string }>('AgentAssociated')).map(({ edgeId }) => edgeId)).to.deep.equal(['11111111-1111-4111-8111-111111111111', edgeIdOf(9)]);
  });

  it('takes a restarted agent for the same, also while its former call looks open and brings late polls', async () => {
    const before = await harness.agent(environmentId);
    await goOn(before, 3);
    const after = await harness.agent(environmentId, { instanceId: 'restarted' });
    // Stuck on the way until now: made by the process that is dead.
    await before.poll();
    await before.poll({ sequence: 5 }).catch(() => undefined);
    await goOn(after, 6);
    expect(await eventData('DuplicateAgentDetected')).to.deep.equal([]);
    expect(reasons(after)).to.deep.equal([]);
  });

  it('takes no number of restarts for a duplicate', async () => {
    for (let restart = 0; restart < 6; restart++) {
      const agent = await harness.agent(environmentId);
      await goOn(agent, 4);
    }
    expect(await eventData('DuplicateAgentDetected')).to.deep.equal([]);
  });

  it('detects two agents that both go on polling, keeps the one that was there first, and shows both addresses', async () => {
    const original = await harness.agent(environmentId, { instanceId: 'original', address: '192.0.2.7' });
    await goOn(original, 3);
    const copy = await harness.agent(environmentId, { instanceId: 'copy', address: '192.0.2.8' });
    for (let turn = 0; turn < 4 && reasons(copy).length === 0; turn++) {
      await goOn(copy, 1);
      await goOn(original, 1);
    }
    expect(reasons(copy)).to.deep.equal(['duplicate-agent']);
    expect(reasons(original)).to.deep.equal([]);
    const [detected] = await eventData<{ kept: object; refused: object }>('DuplicateAgentDetected');
    expect(detected?.kept).to.include({ instanceId: 'original', address: '192.0.2.7' });
    expect(detected?.refused).to.include({ instanceId: 'copy', address: '192.0.2.8' });
    expect(await reasonOf({ instanceId: 'copy', address: '192.0.2.8' })).to.equal('duplicate-agent');
    await goOn(original, 2);
  });

  it('keeps the tunnel where it is when a copy is detected, and gives the copy none', async () => {
    const original = await harness.agent(environmentId, { instanceId: 'original' });
    await goOn(original, 2);
    const copy = await harness.agent(environmentId, { instanceId: 'copy' });
    await goOn(copy, 1);
    const { credentialsId } = await openTunnel(copy, 'copy');
    const holding = { held: [credentialsId] };
    for (let turn = 0; turn < 5 && reasons(original).length === 0; turn++) {
      await goOn(original, 1);
      await copy.poll(holding);
      await harness.clock.advance(100);
    }
    // The newest is taken for the restarted one and asked; from then on the tunnel stays with it.
    expect(reasons(original)).to.deep.equal(['duplicate-agent']);
    expect(reasons(copy)).to.deep.equal([]);
    expect(await eventData('TunnelOpened')).to.have.length(1);
    expect(await eventData('TunnelLost')).to.deep.equal([]);
  });

  it('lets the refused one in when the kept one is gone', async () => {
    const { original } = await detectedPair();
    original.conversation.close({ isClassic: false });
    expect(await reasonOf({ instanceId: 'copy' })).to.equal('duplicate-agent');
    await harness.clock.advance(25_000);
    await eventually(async () => (await eventData('DuplicateAgentResolved')).length === 1);
    expect(await eventData<{ reason: string }>('DuplicateAgentResolved')).to.have.nested.property('[0].reason', 'kept-agent-gone');
    expect(await reasonOf({ instanceId: 'copy' })).to.equal('admitted');
    await eventually(async () => (await eventData('HeartbeatRestored')).length === 1);
  });

  it('is a duplicate no more once the refused one stays away, and as long as it asks it is one', async () => {
    await detectedPair();
    for (let asks = 0; asks < 4; asks++) {
      await harness.clock.advance(300_000);
      expect(await reasonOf({ instanceId: 'copy' })).to.equal('duplicate-agent');
    }
    expect(await eventData('DuplicateAgentResolved')).to.deep.equal([]);
    await harness.clock.advance(1_000_000);
    await eventually(async () => (await eventData('DuplicateAgentResolved')).length === 1);
    expect(await eventData<{ reason: string }>('DuplicateAgentResolved')).to.have.nested.property('[0].reason', 'refused-agent-gone');
  });

  it('keeps refusing the copy when the kept one is restarted', async () => {
    const { original } = await detectedPair();
    original.conversation.close({ isClassic: false });
    const restarted = await harness.agent(environmentId, { instanceId: 'restarted' });
    await goOn(restarted, 4);
    expect(await reasonOf({ instanceId: 'copy' })).to.equal('duplicate-agent');
    expect(reasons(restarted)).to.deep.equal([]);
    expect(await eventData('DuplicateAgentDetected')).to.have.length(1);
  });

  it('takes the agents of a Swarm for no duplicates, also where they cannot reach their engines', async () => {
    const swarm = (nodeId: string) => ({ clusterId: 'c', nodeId, manager: true });
    const report = { node: 'n', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null };
    await harness.agent(environmentId, { instanceId: 'm', report: { ...report, swarm: swarm('m') } });
    const blind = await Promise.all(['one', 'two'].map((instanceId) => harness.agent(environmentId, { instanceId, report: { ...report, swarm: null } })));
    for (let turn = 0; turn < 4; turn++) for (const agent of blind) await goOn(agent, 1);
    expect(await eventData('DuplicateAgentDetected')).to.deep.equal([]);
  });

  async function detectedPair(): Promise<{ original: TestAgent; copy: TestAgent }> {
    const original = await harness.agent(environmentId, { instanceId: 'original' });
    const copy = await harness.agent(environmentId, { instanceId: 'copy' });
    for (let turn = 0; turn < 5 && reasons(copy).length === 0; turn++) {
      await goOn(original, 1);
      if (reasons(copy).length === 0) await goOn(copy, 1);
    }
    expect(reasons(copy)).to.deep.equal(['duplicate-agent']);
    return { original, copy };
  }
});
