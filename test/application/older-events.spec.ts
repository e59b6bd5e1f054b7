/** Events that an earlier release recorded, as everybody reads them now. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { admin, type Harness, startHarness } from './harness.ts';

describe('application: events of an earlier release', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    await harness.agent(environmentId);
  });
  afterEach(() => harness.close());

  it('are decided on and shown in the newest shape, with the version they were recorded in', async () => {
    const at = '2026-01-31T12:00:00.000Z';
    const stored = (type: string, data: object) => ({ id: randomUUID(), type, data: JSON.stringify({ at, environmentId, ...data }), metadata: JSON.stringify({ actor: 'system:cp1', schemaVersion: 1, recordedAt: at }) });
    await harness.store.append(`environment-${environmentId}`, [stored('HeartbeatLost', { lastPolledAt: null }), stored('HeartbeatRestored', {})], { expectedRevision: 'any' });
    const app = await harness.restart();
    await app.environments.change(environmentId, { name: 'works' }, admin);

    const { events } = await app.history.list({ types: ['HeartbeatRestored'], order: 'asc', limit: 10 });
    expect(events).to.have.length(1);
    expect(events[0]?.data).to.deep.equal({ at, environmentId, lostAt: null });
    expect(events[0]?.metadata).to.include({ schemaVersion: 1 });
  });
});
