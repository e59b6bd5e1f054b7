/** What clients are told when something is wrong: RFC 9457 problem details with stable codes. */
import { expect } from 'chai';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { Environments } from '../../../services/application/ports/environments.ts';
import { ProjectionsError } from '../../../projections/port.ts';
import { NODE_PATTERN } from '../../../web-gateway/node-pattern.ts';
import { problemOf } from '../../../web-gateway/problems/problem.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const ENVIRONMENTS = '/api/v1/environments';

describe('problem details', () => {
  let gateway: GatewayFixture;

  before(async () => {
    gateway = await startGateway({ environments: { ...brokenEnvironments() } });
  });
  after(() => gateway.close());

  it('name every fault of a body by its JSON Pointer', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: JSON.stringify({ nam: 'x', tags: ['ok', 5], 'a/b~c': 1, pollIntervalSeconds: 0 }) });
    expect(answer.status).to.equal(400);
    expect(answer.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(answer.json).to.include({ type: 'urn:homeport:error:invalid-request', title: 'The request is not valid', status: 400, code: 'invalid-request' });
    expect(answer.json['errors']).to.have.deep.members([
      { pointer: '/name', reason: 'is required' },
      { pointer: '/nam', reason: 'is not known here' },
      { pointer: '/a~1b~0c', reason: 'is not known here' },
      { pointer: '/tags/1', reason: 'must be string' },
      { pointer: '/pollIntervalSeconds', reason: 'must be >= 1' },
    ]);
    expect(answer.json['instance']).to.equal(`urn:uuid:${String(answer.headers['homeport-request-id'])}`);
  });

  it('say of an empty text that it is empty', async () => {
    const answer = await gateway.call('/api/v1/users', { method: 'POST', body: '{"username":"","password":"x","role":"auditor"}' });
    expect(answer.json['errors']).to.deep.equal([{ pointer: '/username', reason: 'must not be empty' }]);
  });

  it('take no text for a number in a body, and no number for text', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":5,"pollIntervalSeconds":"5"}' });
    expect(answer.json['errors']).to.deep.equal([
      { pointer: '/name', reason: 'must be string' },
      { pointer: '/pollIntervalSeconds', reason: 'must be integer,null' },
    ]);
  });

  it('name the parameters at fault', async () => {
    for (const [target, errors] of [
      [`${ENVIRONMENTS}?limit=0`, [{ parameter: 'limit', reason: 'must be >= 1' }]],
      [`${ENVIRONMENTS}?limit=1001`, [{ parameter: 'limit', reason: 'must be <= 1000' }]],
      [`${ENVIRONMENTS}?limit=ten`, [{ parameter: 'limit', reason: 'must be integer' }]],
      [`${ENVIRONMENTS}?limit=1&limit=2`, [{ parameter: 'limit', reason: 'must be integer' }]],
      [`${ENVIRONMENTS}?status=off`, [{ parameter: 'status', reason: 'must be one of unassociated, never, up, down, duplicate' }]],
      [`${ENVIRONMENTS}?page=2`, [{ parameter: 'page', reason: 'is not known here' }]],
      [`${ENVIRONMENTS}/e1?verbose=1`, [{ parameter: 'verbose', reason: 'is not known here' }]],
      ['/api/v1/settings?x=1', [{ parameter: 'x', reason: 'is not known here' }]],
      [`${ENVIRONMENTS}/E-1`, [{ parameter: 'id', reason: 'must match pattern "^[a-z0-9]{1,64}$"' }]],
      [`${ENVIRONMENTS}/e1/connection?node=../x`, [{ parameter: 'node', reason: `must match pattern "${NODE_PATTERN}"` }]],
    ] as const) {
      const answer = await gateway.call(target);
      expect(answer.status, target).to.equal(400);
      expect(answer.json['errors'], target).to.deep.equal(errors);
    }
  });

  it('carry the application’s own code and pointer', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"taken"}' });
    expect(answer.json).to.deep.include({
      status: 409,
      code: 'name-taken',
      title: 'Another environment has that name',
      detail: 'That name is taken.',
      errors: [{ pointer: '/name', reason: 'that name is taken' }],
    });
  });

  it('tell nothing of an unforeseen error', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"crash"}' });
    expect(answer.json).to.include({ status: 500, code: 'internal-error' });
    expect(answer.text).not.to.match(/secret|undefined|\.ts/);
  });

  it('say when to come again', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"away"}' });
    expect(answer.json).to.include({ status: 503, code: 'event-store-unavailable' });
    expect(answer.headers['retry-after']).to.equal('5');
  });

  it('name an instant that no clock here can tell', async () => {
    for (const instant of ['2026-12-31T23:59:60Z', '2026-13-01T00:00:00Z', 'today']) {
      expect((await gateway.call(`/api/v1/events?from=${instant}`)).json, instant).to.deep.include({ status: 400, code: 'invalid-request' });
      expect((await gateway.call('/api/v1/api-keys', { method: 'POST', body: JSON.stringify({ name: 'k', role: 'auditor', expiresAt: instant }) })).json, instant).to.deep.include({ status: 400, code: 'invalid-request' });
    }
  });

  it('answer for bodies that can not be read', async () => {
    for (const [body, headers, status, code] of [
      ['{"name":', {}, 400, 'malformed-json'],
      ['', { 'content-type': 'application/json' }, 400, 'invalid-request'],
      ['{"__proto__":{"x":1},"name":"a"}', {}, 400, 'malformed-json'],
      ['<name>', { 'content-type': 'text/xml' }, 415, 'unsupported-media-type'],
      ['name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported-media-type'],
      [JSON.stringify({ name: 'x'.repeat(200_000) }), {}, 413, 'body-too-large'],
      ['[]', {}, 400, 'invalid-request'],
    ] as const) {
      const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body, headers });
      expect(answer.status, body.slice(0, 40)).to.equal(status);
      expect(answer.json, body.slice(0, 40)).to.include({ status, code });
    }
  });

  it('refuse a body where none has a meaning, but for an empty one', async () => {
    const path = `${ENVIRONMENTS}/e1/connection`;
    const answer = await gateway.call(path, { method: 'POST', body: '{"node":"n1"}' });
    expect(answer.json).to.deep.include({ status: 400, code: 'invalid-request', errors: [{ pointer: '/node', reason: 'is not known here' }] });
    for (const body of ['{}', '']) expect((await gateway.call(path, { method: 'POST', body })).status).to.equal(200);
    expect((await gateway.call(path, { method: 'POST', body: '', headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' } })).status, 'as many clients send nothing').to.equal(200);
    expect((await gateway.call(path, { method: 'POST' })).status).to.equal(200);
  });

  it('answer for addresses that do not exist, and methods they do not have', async () => {
    for (const target of ['/api/v1', '/api/v2/environments', '/api/v1/nothing', '/api/v1/environments/e1/dockers']) {
      expect((await gateway.call(target)).json, target).to.include({ status: 404, code: 'not-found' });
    }
    expect((await gateway.call('/api/v1/%zz')).json).to.include({ status: 400, code: 'invalid-path' });
    expect((await gateway.call(`/api/v1/environments/${'a'.repeat(300)}`)).json).to.include({ status: 400, code: 'invalid-path' });
    for (const [method, target, allow] of [
      ['PUT', ENVIRONMENTS, 'GET, HEAD, POST'],
      ['POST', `${ENVIRONMENTS}/e1`, 'DELETE, GET, HEAD, PATCH'],
      ['OPTIONS', ENVIRONMENTS, 'GET, HEAD, POST'],
      ['DELETE', '/healthz', 'GET, HEAD'],
    ] as const) {
      const answer = await gateway.call(target, { method, as: null, body: '<x>', headers: { 'content-type': 'text/xml' } });
      expect(answer.status, `${method} ${target}`).to.equal(405);
      expect(answer.json).to.include({ code: 'method-not-allowed' });
      expect(answer.headers['allow']).to.equal(allow);
    }
  });

  it('say of the read models that they can’t answer, and leave why to the log', () => {
    for (const code of ['query-failed', 'projections-failed', 'projections-closed'] as const) {
      const { status, detail } = problemOf(new ProjectionsError(code, 'list-environments: database disk image is malformed'));
      expect({ status, detail }).to.deep.equal({ status: 503, detail: 'The read models can’t answer now; the server’s log says why.' });
    }
  });

  it('bear the same security headers as every other answer', async () => {
    for (const target of ['/api/v1/nothing', '/healthz', `${ENVIRONMENTS}?limit=0`, ENVIRONMENTS, `${ENVIRONMENTS}/e1/docker/x`]) {
      const { headers } = await gateway.call(target, { as: target.endsWith('/x') ? null : 'admin' });
      expect(headers, target).to.include({
        'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    }
  });
});

/** Environments whose creation fails in the way that the name says. */
function brokenEnvironments(): Environments {
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked for in these specs'));
  return {
    create({ name }) {
      if (name === 'taken') return Promise.reject(new ApplicationError('name-taken', 'that name is taken', { pointer: '/name' }));
      if (name === 'away') return Promise.reject(new ApplicationError('event-store-unavailable', 'the event store does not answer'));
      return Promise.reject(new TypeError('secret of undefined in x.ts'));
    },
    change: refuse,
    rotateToken: refuse,
    disassociate: refuse,
    allowEdgeId: refuse,
    remove: refuse,
    deployment: refuse,
  };
}
