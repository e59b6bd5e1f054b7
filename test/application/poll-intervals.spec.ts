/** Poll intervals: set for all or for one environment, told at once, and no reason to wait for what is required. */
import { expect } from 'chai';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, startHarness } from './harness.ts';

const day = 86_400;

describe('application: poll intervals', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'accepted',
      (error: unknown) => (error as { code?: unknown }).code,
    );

  const ofEnvironment = (pollIntervalSeconds: number | null) => harness.app.environments.change(environmentId, { pollIntervalSeconds }, admin);
  const ofSettings = (pollIntervalSeconds: number) => harness.app.settings.change({ pollIntervalSeconds }, admin);

  it('from 1 s to 1 day reach a connected agent at once, from the settings and for its environment alone', async () => {
    const agent = await harness.agent(environmentId);
    const told: number[] = [];
    const changes = [() => ofSettings(1), () => ofSettings(day), () => ofEnvironment(1), () => ofEnvironment(day), () => ofSettings(7), () => ofEnvironment(null)];
    for (const change of changes) {
      const before = agent.answers.length;
      await change();
      // The clock stands still: nobody polled.
      await eventually(() => agent.answers.length > before);
      told.push((agent.answers.at(-1)?.pollIntervalMs ?? 0) / 1000);
    }
    expect(told).to.deep.equal([1, day, 1, day, day, 7]);
  });

  it('of one environment are not told to the agents of another', async () => {
    const other = await harness.agent(await harness.createEnvironment('other'));
    const agent = await harness.agent(environmentId);
    await ofEnvironment(60);
    await eventually(() => agent.answers.length === 1);
    expect(other.answers).to.deep.equal([]);
    expect(await other.poll()).to.include({ pollIntervalMs: 5000 });
  });

  it('below 1 s, above 1 day and of no whole seconds are refused, and nobody is told', async () => {
    const agent = await harness.agent(environmentId);
    for (const seconds of [0, -1, 0.5, 1.5, day + 1, Infinity, NaN]) {
      expect(await codeOf(ofSettings(seconds)), `settings: ${String(seconds)}`).to.equal('invalid-settings');
      expect(await codeOf(ofEnvironment(seconds)), `environment: ${String(seconds)}`).to.equal('invalid-poll-interval');
    }
    expect(agent.answers).to.deep.equal([]);
    expect(await agent.poll()).to.include({ pollIntervalMs: 5000 });
  });

  it('of a day keep nobody waiting: what is required comes by an early answer', async () => {
    await ofEnvironment(day);
    const agent = await harness.agent(environmentId);
    await agent.poll();
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await eventually(() => agent.answers.some(({ required }) => required.length === 1));
    expect(harness.clock.now()).to.equal(Date.parse('2026-01-31T12:00:00.000Z'));
  });
});
