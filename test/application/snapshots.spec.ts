/** When snapshots are asked for, what of them is recorded, and when they go. */
import { expect } from 'chai';
import type { PollIntroduction } from '../../services/application/ports.ts';
import type { SnapshotContent } from '../../services/domain/snapshot.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { eventually, type Harness, joinSecretOf, startHarness } from './harness.ts';

const content: SnapshotContent = { engine: null, diskUse: null, containers: [], images: [], volumes: [], networks: [], nodes: [], services: [], truncated: {}, failed: {} };
const hour = 3600_000;

describe('application: snapshots', () => {
  let harness: Harness;
  let environmentId: string;
  let introduction: PollIntroduction;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    const report = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
    introduction = { environmentId, joinSecret: joinSecretOf(environmentId, 1), edgeId: '11111111-1111-4111-8111-111111111111', instanceId: 'instance1', report, address: '192.0.2.7' };
  });
  afterEach(() => harness.close());

  const bring = async (volumes = 0) => {
    const intake = await harness.app.snapshots.admit(introduction);
    const volume = { name: 'v', driver: '', mountpoint: '', labels: {} };
    return intake.record({ kind: 'taken', content: { ...content, volumes: Array.from({ length: volumes }, () => volume) } });
  };
  const recorded = async () => (await harness.types()).filter((type) => type.startsWith('Snapshot'));

  it('asks at the first poll, once, and again after the interval', async () => {
    const agent = await harness.agent(environmentId, introduction);
    expect(await agent.poll()).to.include({ takeSnapshot: true, maskSecrets: true });
    expect(await agent.poll()).to.include({ takeSnapshot: false });
    await bring();
    await harness.clock.advance(0.85 * hour);
    expect(await agent.poll()).to.include({ takeSnapshot: false });
    await harness.clock.advance(0.3 * hour);
    expect(await agent.poll()).to.include({ takeSnapshot: true });
  });

  it('asks again where nothing came, and never by the clock where the interval is 0, but on demand', async () => {
    await harness.app.settings.change({ snapshotIntervalSeconds: 0, maskSecretsInSnapshots: false }, { actor: 'user:admin', correlationId: '00000000-0000-4000-8000-000000000001' });
    const agent = await harness.agent(environmentId, introduction);
    expect(await agent.poll()).to.include({ takeSnapshot: true, maskSecrets: false });
    await harness.clock.advance(61_000);
    expect(await agent.poll()).to.include({ takeSnapshot: true });
    await bring();
    await harness.clock.advance(3 * hour);
    expect(await agent.poll()).to.include({ takeSnapshot: false });
    expect(await harness.app.snapshots.request(environmentId)).to.deep.equal({ agents: 1 });
    expect(agent.answers.at(-1)).to.include({ takeSnapshot: true });
  });

  it('asks nobody anew after a restart', async () => {
    const takenAt = new Date(harness.clock.now()).toISOString();
    await harness.agent(environmentId, introduction);
    await bring();
    const past = environmentId;
    const next = await harness.restart({
      async *snapshots() {
        yield [{ environmentId: past, node: null, takenAt }];
      },
    });
    const conversation = await next.polls.admit(introduction, { push: () => undefined, end: () => undefined });
    const poll = { sequence: 1, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: null, report: null };
    expect(await conversation.poll(poll)).to.include({ takeSnapshot: false });
    // And it knows from the log what was recorded last.
    expect(await (await next.snapshots.admit(introduction)).record({ kind: 'taken', content })).to.deep.equal({ isUnchanged: true });
  });

  it('records whole what changed, and of the rest the hash', async () => {
    await harness.agent(environmentId, introduction);
    expect(await bring()).to.deep.equal({ isUnchanged: false });
    expect(await bring()).to.deep.equal({ isUnchanged: true });
    expect(await bring(1)).to.deep.equal({ isUnchanged: false });
    expect(await recorded()).to.deep.equal(['SnapshotRecorded', 'SnapshotUnchanged', 'SnapshotRecorded']);
  });

  it('says so where no snapshot came before an idle close, and nothing where one did', async () => {
    await harness.agent(environmentId, introduction);
    const tunnel = { key: environmentTunnel(environmentId), credentialsId: 'c', agentNode: 'press', instanceId: 'instance1', inactivityMs: 1, maxChannels: 1 };
    const decidedAtMs = harness.clock.now();
    await bring();
    await harness.app.snapshots.beforeClosed(tunnel, decidedAtMs);
    expect(await recorded()).to.deep.equal(['SnapshotRecorded']);
    await harness.app.snapshots.beforeClosed(tunnel, decidedAtMs + 1);
    await eventually(async () => (await recorded()).length === 2);
    expect((await harness.events()).at(-1)?.data).to.include('not-received');
  });

  it('takes only so many snapshots of one environment', async () => {
    await harness.agent(environmentId, introduction);
    let taken = 0;
    const refusal: unknown = await (async () => {
      for (;;) {
        await harness.app.snapshots.admit(introduction);
        taken++;
      }
    })().catch((error: unknown) => error);
    expect(refusal).to.include({ reason: 'polling-too-fast' });
    expect(taken).to.equal(64);
  });
});
