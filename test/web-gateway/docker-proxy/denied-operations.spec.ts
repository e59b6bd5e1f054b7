/** What the settings deny a role on engines: the Docker proxy refuses it, says so as Docker clients print it, and records it. */
import { expect } from 'chai';
import type { Settings } from '../../../services/domain/events.ts';
import { defaultSettings } from '../../../services/application/setting-rules.ts';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

describe('operations that a role is denied', () => {
  let settings: Settings = defaultSettings;
  let gateway: GatewayFixture;
  let engine: FakeEngine;
  const asked: string[] = [];

  before(async () => {
    gateway = await startGateway({ settings: { current: () => settings, change: () => Promise.resolve({ position: undefined }) } });
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      asked.push(`${req.method ?? ''} ${req.url ?? ''}`);
      res.end('{}');
    });
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  it('are refused and recorded, and never reach the engine; all else goes on', async () => {
    settings = { ...defaultSettings, operatorDeniedOperations: ['exec'] };
    const refused = await gateway.call(`${DOCKER}/v1.44/containers/box/exec`, { method: 'POST', body: '{}', as: 'operator' });
    expect(refused.status).to.equal(403);
    expect(refused.json).to.deep.equal({ message: 'Operators are denied the operation exec on engines; an admin can allow it in the settings.', code: 'operation-denied' });
    expect(await gateway.activity.outcomeOf('/v1.44/containers/box/exec')).to.include({ status: 403, failure: 'operation-denied' });
    const upgrade = await gateway.call(`${DOCKER}/exec/e1/start`, { method: 'POST', body: '{}', as: 'operator', headers: { connection: 'Upgrade', upgrade: 'tcp' } });
    expect(upgrade.json).to.include({ code: 'operation-denied' });
    expect(asked).to.deep.equal([]);
    expect((await gateway.call(`${DOCKER}/containers/json`, { as: 'operator' })).status).to.equal(200);
    expect((await gateway.call(`${DOCKER}/containers/box/exec`, { method: 'POST', body: '{}' })).status, 'an admin').to.equal(200);
  });

  it('may be an admin’s, too', async () => {
    settings = { ...defaultSettings, adminDeniedOperations: ['swarm', 'other'] };
    const refused = await gateway.call(`${DOCKER}/swarm/leave`, { method: 'POST', body: '{}' });
    expect(refused.json).to.include({ code: 'operation-denied' });
    expect((await gateway.call(`${DOCKER}/swarm/leave`, { method: 'POST', body: '{}', as: 'operator' })).status).to.equal(200);
  });
});
