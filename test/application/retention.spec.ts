/** What goes when, and what is said of it. */
import { expect } from 'chai';
import type { Settings } from '../../services/domain/events.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness } from './harness.ts';

const hour = 3600_000;

interface Expired {
  readonly type: string;
  readonly count: number;
  readonly before: string;
  readonly limit: string;
}

describe('application: retention', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const change = (changes: Partial<Settings>) => harness.app.settings.change(changes, admin);
  const count = async (type: string) => (await harness.types()).filter((one) => one === type).length;
  const expired = async (): Promise<Expired[]> =>
    (await harness.events()).filter(({ type }) => type.endsWith('Expired')).map(({ type, data }) => ({ ...(JSON.parse(data) as Omit<Expired, 'type'>), type }));
  /** The store's own clock says when things were recorded: from then on ours is that much ahead. */
  const pass = (days: number) => harness.clock.jump(Math.max(0, Date.now() - harness.clock.now()) + days * 24 * hour);
  const call = (callId: string) => harness.app.activity.callStarted({ key: environmentTunnel(environmentId), callId, method: 'POST', path: '/containers/create' }, admin);
  const refuse = async (edgeId: string) => {
    const before = await count('PollRejected');
    await harness.agent(environmentId, { edgeId, joinSecret: new Uint8Array(32) }).catch(() => undefined);
    await eventually(async () => (await count('PollRejected')) > before);
  };
  const poll = async (times: number) => {
    const agent = await harness.agent(environmentId);
    for (let made = 1; made <= times; made++) {
      await agent.poll();
      await harness.clock.advance(100);
      await eventually(async () => (await count('AgentPolled')) === made);
    }
  };

  it('lets activity and refusals go by age, says so, and keeps every decision', async () => {
    await call('call1');
    await refuse('11111111-1111-4111-8111-111111111111');
    await change({ activityRetentionDays: 2, refusalRetentionDays: 4 });
    await pass(3);
    await eventually(async () => (await expired()).length === 1);
    expect(await count('ApiCallStarted')).to.equal(0);
    expect(await count('PollRejected')).to.equal(1);
    await pass(2);
    await eventually(async () => (await expired()).length === 2);
    expect(await count('PollRejected')).to.equal(0);
    expect((await expired()).map(({ type, count: events, limit }) => [type, events, limit])).to.deep.equal([
      ['ActivityExpired', 1, 'age'],
      ['RefusalsExpired', 1, 'age'],
    ]);
    expect(await harness.types()).to.include.members(['EnvironmentCreated', 'SettingsChanged']);
  });

  it('keeps so many of the newest events, within seconds, and says from when on they are there', async () => {
    await change({ activityRetentionCount: 2 });
    for (const callId of ['call1', 'call2', 'call3', 'call4']) {
      await harness.clock.advance(1000);
      await call(callId);
    }
    await harness.clock.advance(5000);
    await eventually(async () => (await expired()).length === 1);
    const kept = (await harness.events()).filter(({ type }) => type === 'ApiCallStarted');
    expect(kept.map(({ data }) => (JSON.parse(data) as { callId: string }).callId)).to.deep.equal(['call3', 'call4']);
    const { before, ...said } = (await expired())[0] ?? { before: '' };
    expect(said).to.include({ type: 'ActivityExpired', count: 2, limit: 'count' });
    expect(before).to.equal((JSON.parse(kept[0]?.metadata ?? '{}') as { recordedAt: string }).recordedAt);
  });

  it('lets nothing go where a limit is 0, however old or many', async () => {
    await change({ pollRetentionHours: 0, pollRetentionBytes: 0, activityRetentionDays: 0, activityRetentionBytes: 0, snapshotRetentionDays: 0, refusalRetentionDays: 0 });
    await call('call1');
    await poll(2);
    await pass(4000);
    await eventually(async () => (await count('PollsSummarised')) === 1);
    await harness.clock.advance(5000);
    await harness.app.close();
    expect(await expired()).to.deep.equal([]);
    expect(await count('ApiCallStarted')).to.equal(1);
    expect(await count('AgentPolled')).to.equal(2);
  });

  it('lets no poll go that is not summarised, also where there is no room for it', async () => {
    await poll(3);
    await change({ pollRetentionCount: 1 });
    harness.outage.isOn = true;
    await harness.clock.advance(30_000);
    await eventually(async () => (await harness.store.maintenance.measure()).get('polls')?.events === 3);
    harness.outage.isOn = false;
    await harness.clock.advance(5000);
    await eventually(async () => (await expired()).length === 1);
    const types = (await harness.types()).filter((type) => type.startsWith('Polls'));
    expect(types).to.deep.equal(['PollsSummarised', 'PollsExpired']);
    expect(await expired()).to.have.nested.property('[0].limit', 'count');
  });

  it('says once an hour what is too old by now where the store removes by itself, and nothing while all is younger', async () => {
    await harness.close();
    harness = await startHarness({ removesByItself: true });
    await change({ activityRetentionDays: 2, refusalRetentionDays: 40, snapshotRetentionDays: 0 });
    await harness.clock.jump(24 * hour);
    await harness.app.close();
    expect(await expired()).to.deep.equal([]);
    await harness.restart();
    await harness.clock.jump(72 * hour);
    await eventually(async () => (await expired()).length === 1);
    const [gone] = await expired();
    expect(gone).to.include({ type: 'ActivityExpired', count: 0, limit: 'age' });
    expect(Date.parse(gone?.before ?? '')).to.equal(harness.clock.now() - 48 * hour);
    await harness.clock.advance(hour);
    await eventually(async () => (await expired()).length === 2);
    expect((await expired()).map(({ before }) => before)).to.deep.equal([gone?.before, new Date(harness.clock.now() - 48 * hour).toISOString()]);
  });

  it('refuses a limit that is neither 0 nor within its bounds, and says which it may be', async () => {
    const refusal: unknown = await change({ activityRetentionBytes: 5 }).catch((error: unknown) => error);
    expect(refusal).to.include({ code: 'invalid-settings', pointer: '/activityRetentionBytes' });
    expect(String(refusal)).to.include('or 0 for no such limit');
  });
});
