/** Who may call what: every route, as every role and as nobody. */
import { expect } from 'chai';
import type { Access } from '../../../web-gateway/security/access.ts';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { ROLES } from '../support/fake-accounts.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

/** What is meant to be so, beside the code: the lowest role for each route. */
const MEANT: Readonly<Record<string, Access>> = {
  'POST /api/v1/sessions': 'public',
  'GET /api/v1/sessions/current': 'metrics',
  'DELETE /api/v1/sessions/current': 'metrics',
  'GET /api/v1/api-keys': 'auditor',
  'POST /api/v1/api-keys': 'auditor',
  'DELETE /api/v1/api-keys/:id': 'auditor',
  'GET /api/v1/settings': 'auditor',
  'PATCH /api/v1/settings': 'admin',
  'GET /api/v1/settings/tunnel-certificate': 'auditor',
  'POST /api/v1/settings/tunnel-certificate/rotate': 'admin',
  'DELETE /api/v1/settings/tunnel-certificate/formers': 'admin',
  'GET /api/v1/environments': 'auditor',
  'POST /api/v1/environments': 'admin',
  'GET /api/v1/environments/:id': 'auditor',
  'PATCH /api/v1/environments/:id': 'admin',
  'DELETE /api/v1/environments/:id': 'admin',
  'DELETE /api/v1/environments/:id/barred-edge-ids/:edgeId': 'admin',
  'GET /api/v1/environments/:id/deployment': 'operator',
  'POST /api/v1/environments/:id/connection': 'operator',
  'POST /api/v1/environments/:id/disassociate': 'admin',
  'POST /api/v1/environments/:id/rotate-token': 'admin',
  'GET /api/v1/environments/:id/connection': 'auditor',
  'DELETE /api/v1/environments/:id/connection': 'operator',
  'PUT /api/v1/environments/:id/connection/keep-alive': 'operator',
  'GET /api/v1/environments/:id/snapshots': 'auditor',
  'GET /api/v1/environments/:id/snapshots/latest': 'auditor',
  'POST /api/v1/environments/:id/snapshots': 'operator',
  'GET /api/v1/events': 'auditor',
  'GET /api/v1/events/export': 'auditor',
  'GET /api/v1/checkpoints': 'auditor',
  'POST /api/v1/checkpoints': 'admin',
  'POST /api/v1/projections/rebuild': 'admin',
  'GET /healthz': 'public',
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'metrics',
  'GET /ca.pem': 'public',
  'GET /agent/image.tar.gz': 'public',
  'GET /agent/agent.mjs': 'public',
  'GET /agent/install.sh': 'public',
};

describe('access by role', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;

  before(async () => {
    gateway = await startGateway();
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => void res.end('{}'));
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  it('is declared by every route, and meant so', () => {
    const declared = gateway.gateway.routes.filter(({ method }) => method !== 'HEAD').map(({ method, url, access }) => [`${method} ${url}`, access] as const);
    expect(Object.fromEntries(declared)).to.deep.equal(MEANT);
  });

  for (const [route, lowest] of Object.entries(MEANT)) {
    it(`lets ${lowest} and above use ${route}, and nobody else`, async () => {
      const [method = '', url = ''] = route.split(' ');
      for (const role of [...ROLES, null]) {
        const isAllowed = lowest === 'public' || (role !== null && ROLES.indexOf(role) <= ROLES.indexOf(lowest));
        const { status, json } = await gateway.call(url.replace(':id', 'e1'), { method, as: role, ...(method === 'POST' || method === 'PATCH' ? { body: '{' } : {}) });
        if (isAllowed) expect([401, 403], `${String(role)} gets ${status}`).not.to.include(status);
        else expect([status, json['code']], String(role)).to.deep.equal(role === null ? [401, 'unauthenticated'] : [403, 'forbidden']);
      }
    });
  }

  it('keeps auditors and metrics from every engine, whatever they ask of it', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const role of [...ROLES, null]) {
        const { status } = await gateway.call(`${DOCKER}/containers/json`, { method, as: role });
        expect(status, `${method} as ${String(role)}`).to.equal(role === null ? 401 : role === 'admin' || role === 'operator' ? 200 : 403);
      }
    }
  });
});
