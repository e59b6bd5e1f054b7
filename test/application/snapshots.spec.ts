/** When snapshots are asked for, what of them is recorded, and when they go. */
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import type { PollIntroduction } from '../../services/application/ports/poll-admission.ts';
import type { SnapshotContent } from '../../services/domain/snapshot.ts';
import { eventLogFile } from '../../services/event-store/open.ts';
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

  const settings = (changes: Parameters<Harness['app']['settings']['change']>[0]) =>
    harness.app.settings.change(changes, { actor: 'user:admin', correlationId: '00000000-0000-4000-8000-000000000001' });
  const expiries = async () => (await harness.events()).filter(({ type }) => type === 'SnapshotsExpired').map(({ data }) => JSON.parse(data) as { at: string; count: number; before: string; limit: string });
  /** The store's own clock says when things were recorded: from then on ours is that much ahead. */
  const pass = (days: number) => harness.clock.jump(Math.max(0, Date.now() - harness.clock.now()) + days * 24 * hour);

  it('records the whole again halfway through retention, so that the latest never expires away', async () => {
    await settings({ snapshotRetentionDays: 4 });
    await harness.agent(environmentId, introduction);
    await pass(0);
    await bring();
    await pass(1.9);
    expect(await bring()).to.deep.equal({ isUnchanged: true });
    await pass(0.2);
    expect(await bring()).to.deep.equal({ isUnchanged: false });
    expect(await recorded()).to.deep.equal(['SnapshotRecorded', 'SnapshotUnchanged', 'SnapshotRecorded']);
  });

  it('never lets the latest of an engine go that says the same for ever', async () => {
    await settings({ snapshotRetentionDays: 4 });
    await harness.agent(environmentId, introduction);
    await pass(0);
    const database = new DatabaseSync(eventLogFile(harness.dataDirectory), { timeout: 5000 });
    let dated = 0;
    /** The store dates by a clock of its own; here what is new is as old as our clock says. */
    const date = async () => {
      database.prepare('UPDATE event_groups SET created = ? WHERE first_position > ?').run(harness.clock.now(), dated);
      dated = Number(await harness.store.headPosition());
    };
    const kept: string[] = [];
    for (let day = 0; day < 12; day++) {
      await bring();
      await date();
      const before = (await expiries()).length;
      await harness.clock.jump(24 * hour);
      // From the fifth day on one goes a day.
      if (day >= 4) await eventually(async () => (await expiries()).length > before);
      await date();
      kept.push((await recorded()).filter((type) => type.startsWith('SnapshotR') || type.startsWith('SnapshotU')).map((type) => (type === 'SnapshotRecorded' ? 'R' : 'u')).join(''));
    }
    database.close();
    expect(kept.slice(4)).to.deep.equal(['uRuR', 'RuRu', 'uRuR', 'RuRu', 'uRuR', 'RuRu', 'uRuR', 'RuRu']);
  });

  it('lets go of what is older than it is kept, and says so', async () => {
    await settings({ snapshotRetentionDays: 2 });
    await harness.agent(environmentId, introduction);
    await bring();
    await bring();
    await pass(2.1);
    await eventually(async () => (await expiries()).length === 1);
    expect((await expiries())[0]).to.include({ count: 2 });
    expect(await recorded()).to.deep.equal(['SnapshotsExpired']);
    // What is brought next stands alone, and is whole.
    expect(await bring()).to.deep.equal({ isUnchanged: false });
  });

  it('keeps so many, the newest, and asks anew for one that went though it was the latest of its node', async () => {
    await settings({ snapshotRetentionCount: 3, snapshotRetentionDays: 365 });
    const agent = await harness.agent(environmentId, introduction);
    await agent.poll();
    await bring();
    const other = await harness.createEnvironment('other');
    const others = { ...introduction, environmentId: other, joinSecret: joinSecretOf(other, 1) };
    await harness.agent(other, others);
    for (let count = 1; count <= 5; count++) {
      const intake = await harness.app.snapshots.admit(others);
      await intake.record({ kind: 'failed', reason: 'engine-error', detail: String(count) });
    }
    expect(await agent.poll()).to.include({ takeSnapshot: false });
    await harness.clock.advance(hour);
    await eventually(async () => (await expiries()).length === 1);
    const kept = (await harness.events()).filter(({ stream }) => stream.startsWith('snapshots-'));
    expect(kept.map(({ type, data }) => `${type} ${(JSON.parse(data) as { detail: string }).detail}`)).to.deep.equal(['SnapshotFailed 3', 'SnapshotFailed 4', 'SnapshotFailed 5']);
    const { recordedAt } = JSON.parse(kept[0]?.metadata ?? '{}') as { recordedAt: string };
    expect(await expiries()).to.deep.equal([{ at: (await expiries())[0]?.at, count: 3, before: recordedAt, limit: 'count' }]);
    expect(await agent.poll()).to.include({ takeSnapshot: true });
    expect(await bring()).to.deep.equal({ isUnchanged: false });
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
