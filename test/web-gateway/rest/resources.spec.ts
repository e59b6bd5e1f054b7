/** Environments, their connections, settings, keys and health over REST, as clients see them. */
import { expect } from 'chai';
import { startGateway, type Answer, type GatewayFixture } from '../support/gateway-fixture.ts';

const ENVIRONMENTS = '/api/v1/environments';

describe('the REST interface', () => {
  let gateway: GatewayFixture;
  const create = (body: object): Promise<Answer> => gateway.call(ENVIRONMENTS, { method: 'POST', body: JSON.stringify(body) });

  beforeEach(async () => {
    gateway = await startGateway();
  });
  afterEach(() => gateway.close());

  it('creates an environment with what its agent needs', async () => {
    const answer = await create({ name: 'factory', address: 'homeport.example:9443', tags: ['eu'], pollIntervalSeconds: 30 });
    expect(answer.status).to.equal(201);
    expect(answer.headers.location).to.equal(`${ENVIRONMENTS}/env1`);
    expect(answer.headers).not.to.have.property('homeport-position');
    expect(answer.json).to.deep.equal({
      id: 'env1',
      name: 'factory',
      status: 'unassociated',
      address: 'homeport.example:9443',
      tunnelAddress: 'homeport.example:8000',
      issuedEdgeId: '6b1f0c52-0000-4000-8000-000000000001',
      edgeId: null,
      barredEdgeIds: [],
      tags: ['eu'],
      platform: null,
      createdAt: '2026-02-03T04:05:06.789Z',
      association: { state: 'unassociated', at: null, addresses: [], duplicates: [], lastRejected: null },
      heartbeat: { state: 'never', lastPolledAt: null, intervalSeconds: 30, lastFailure: null },
      pollIntervalSeconds: 30,
      agents: [],
      tunnel: { state: 'closed', since: null, openedAt: null, lastUsedAt: null, node: null, lastFailure: null },
      tunnels: [],
      snapshot: null,
      joinToken: 'am9pbi10b2tlbg',
      addressHints: [{ code: 'both-ports', detail: 'Where the agent runs, both homeport.example:9443 (polls) and homeport.example:8000 (tunnels) must be reachable.' }],
    });
    const shown = await gateway.call(`${ENVIRONMENTS}/env1`, { as: 'auditor' });
    expect(shown.json).to.deep.equal(Object.fromEntries(Object.entries(answer.json).filter(([name]) => !['joinToken', 'addressHints'].includes(name))));
    expect((await gateway.call(`${ENVIRONMENTS}/env1/deployment`)).json).to.deep.equal({
      edgeId: '6b1f0c52-0000-4000-8000-000000000001',
      joinToken: 'am9pbi10b2tlbg',
      commands: { standalone: 'docker 6b1f0c52-0000-4000-8000-000000000001', swarm: 'swarm', podman: 'podman', compose: 'compose', systemd: 'systemd' },
      doctor: { standalone: 'docker exec', swarm: 'swarm exec', podman: 'podman exec', compose: 'compose exec', systemd: 'run' },
    });
  });

  it('says what may keep agents from the address', async () => {
    const hints = async (address: string): Promise<unknown> => ((await create({ name: `a${address}`.replaceAll(/[^a-z0-9]/g, ''), address })).json['addressHints'] as { code: string }[]).map(({ code }) => code);
    expect(await hints('nowhere.example:9443')).to.deep.equal(['does-not-resolve', 'both-ports']);
    expect(await hints('192.168.1.5:9443')).to.deep.equal(['private-address', 'both-ports']);
    expect(await hints('203.0.113.9:9443')).to.deep.equal(['both-ports']);
  });

  it('offers the address that the client itself called, unless another is set', async () => {
    const answer = await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"a"}', headers: { host: 'box.example:9443' } });
    expect(answer.json).to.include({ address: 'box.example:9443' });
    expect((await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"b"}', headers: { host: 'box.example' } })).json).to.include({ address: 'box.example:443' });
    const other = await startGateway({ publicAddress: 'public.example:9443' });
    expect((await other.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"c"}' })).json).to.include({ address: 'public.example:9443' });
    await other.close();
  });

  it('tells admins, and nobody else, that address and others of the machine', async () => {
    const items = [{ address: '192.0.2.7:9443', source: 'interface' as const, interface: 'eth0' }];
    const other = await startGateway({ machineAddresses: () => items });
    expect((await other.call('/api/v1/addresses', { headers: { host: 'box.example:9443' } })).json).to.deep.equal({ offered: 'box.example:9443', items });
    expect((await other.call('/api/v1/addresses', { as: 'operator' })).status).to.equal(403);
    await other.close();
  });

  it('says where a write is not shown yet, and waits for it when asked to', async () => {
    gateway.fleet.lag(true);
    const answer = await create({ name: 'factory', address: 'homeport.example:9443' });
    expect(answer.status).to.equal(201);
    expect(answer.headers['homeport-position']).to.equal('101');
    expect(answer.json).to.include({ id: 'env1', name: 'factory', joinToken: 'am9pbi10b2tlbg', issuedEdgeId: '6b1f0c52-0000-4000-8000-000000000001' });
    const early = await gateway.call(ENVIRONMENTS, { headers: { 'homeport-after': '101' } });
    expect(early.json).to.include({ status: 503, code: 'not-yet-applied' });
    expect(early.headers['retry-after']).to.equal('1');
    gateway.fleet.lag(false);
    expect((await gateway.call(ENVIRONMENTS, { headers: { 'homeport-after': '101' } })).json).to.include({ total: 1 });
    expect((await gateway.call(ENVIRONMENTS, { headers: { 'homeport-after': 'a b' } })).json).to.include({ code: 'invalid-position' });
  });

  it('lists in pages', async () => {
    for (const name of ['c', 'a', 'b', 'Ab']) await create({ name, address: 'h.example:1' });
    const first = await gateway.call(`${ENVIRONMENTS}?limit=3`, { as: 'auditor' });
    expect(first.json).to.include({ total: 4 });
    const names = ({ json }: Answer): unknown[] => (json['items'] as { name: string }[]).map(({ name }) => name);
    expect(names(first)).to.deep.equal(['a', 'Ab', 'b']);
    const second = await gateway.call(`${ENVIRONMENTS}?limit=3&cursor=${String(first.json['nextCursor'])}`);
    expect(names(second)).to.deep.equal(['c']);
    expect(second.json['nextCursor']).to.equal(null);
    expect(names(await gateway.call(`${ENVIRONMENTS}?search=a`))).to.deep.equal(['a', 'Ab']);
    expect((await gateway.call(`${ENVIRONMENTS}?cursor=nonsense`)).json).to.include({ status: 400, code: 'invalid-cursor' });
  });

  it('changes what a merge patch names, and nothing else', async () => {
    await create({ name: 'factory', address: 'h.example:1', tags: ['eu'], pollIntervalSeconds: 30 });
    for (const type of ['application/json', 'application/merge-patch+json']) {
      const answer = await gateway.call(`${ENVIRONMENTS}/env1`, { method: 'PATCH', body: '{"name":"plant","pollIntervalSeconds":null}', headers: { 'content-type': type } });
      expect(answer.status).to.equal(200);
      expect(answer.json).to.deep.include({ name: 'plant', tags: ['eu'], pollIntervalSeconds: null });
      expect(answer.json['heartbeat']).to.include({ intervalSeconds: 5 });
    }
  });

  it('rotates a join token, and shows the new one to an admin alone', async () => {
    await create({ name: 'factory', address: 'h.example:1' });
    const rotated = await gateway.call(`${ENVIRONMENTS}/env1/rotate-token`, { method: 'POST' });
    expect(rotated.json).to.deep.equal({ edgeId: '6b1f0c52-0000-4000-8000-000000000001', joinToken: 'cm90YXRlZA' });
    for (const path of ['rotate-token', 'disassociate']) {
      expect((await gateway.call(`${ENVIRONMENTS}/env1/${path}`, { method: 'POST', as: 'operator' })).json).to.include({ code: 'forbidden' });
      expect((await gateway.call(`${ENVIRONMENTS}/nosuch/${path}`, { method: 'POST' })).json).to.include({ code: 'environment-not-found' });
    }
  });

  it('disassociates an environment, and allows its former Edge ID again', async () => {
    await create({ name: 'factory', address: 'h.example:1' });
    const former = '7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11';
    const view = gateway.fleet.views.get('env1');
    if (view !== undefined) gateway.fleet.views.set('env1', { ...view, edgeId: former });
    const parted = await gateway.call(`${ENVIRONMENTS}/env1/disassociate`, { method: 'POST' });
    expect(parted.json).to.deep.include({ edgeId: null, barredEdgeIds: [former], issuedEdgeId: '6b1f0c52-0000-4000-8000-000000000002' });
    const barred = `${ENVIRONMENTS}/env1/barred-edge-ids`;
    expect((await gateway.call(`${barred}/${former}`, { method: 'DELETE', as: 'operator' })).json).to.include({ code: 'forbidden' });
    expect((await gateway.call(`${barred}/${former}`, { method: 'DELETE' })).status).to.equal(204);
    expect((await gateway.call(`${barred}/${former}`, { method: 'DELETE' })).json).to.include({ status: 404, code: 'edge-id-not-barred' });
    expect((await gateway.call(`${barred}/nonsense`, { method: 'DELETE' })).json).to.include({ code: 'invalid-request' });
    expect((await gateway.call(`${ENVIRONMENTS}/env1`)).json).to.deep.include({ barredEdgeIds: [] });
  });

  it('removes an environment once', async () => {
    await create({ name: 'factory', address: 'h.example:1' });
    expect((await gateway.call(`${ENVIRONMENTS}/env1`, { method: 'DELETE' })).status).to.equal(204);
    expect((await gateway.call(`${ENVIRONMENTS}/env1`, { method: 'DELETE' })).json).to.include({ status: 404, code: 'environment-not-found' });
  });

  it('selects an environment: 200 when its tunnel is open, else 202 and where to look', async () => {
    const path = `${ENVIRONMENTS}/e1/connection`;
    gateway.tunnel.opensWhenRequired(false);
    const pending = await gateway.call(`${path}?node=n1`, { method: 'POST', as: 'operator' });
    expect(pending.status).to.equal(202);
    expect(pending.headers.location).to.equal(`${path}?node=n1`);
    expect(pending.json).to.deep.equal({ state: 'required', since: null, openedAt: null, lastUsedAt: null, node: 'n1', lastFailure: null });
    for (const code of ['tunnel-timeout', 'agent-not-polling'] as const) {
      gateway.tunnel.failWith(code);
      expect((await gateway.call(`${path}?waitSeconds=5`, { method: 'POST' })).status).to.equal(202);
    }
    gateway.tunnel.opensWhenRequired(true);
    const open = await gateway.call(path, { method: 'POST', headers: { prefer: 'respond-async, wait=90' } });
    expect(open.status).to.equal(200);
    expect(open.headers['preference-applied']).to.equal('wait=60');
    const at = '2026-02-03T04:05:06.789Z';
    expect(open.json).to.deep.equal({ state: 'open', since: at, openedAt: at, lastUsedAt: at, node: null, lastFailure: null });
    expect((await gateway.call(path, { as: 'auditor' })).json).to.include({ state: 'open' });
    expect((await gateway.call(`${path}/keep-alive`, { method: 'PUT', as: 'operator' })).status).to.equal(204);
    expect((await gateway.call(path, { method: 'DELETE', as: 'operator' })).status).to.equal(204);
    expect(gateway.tunnel.isOpen()).to.equal(false);
    expect((await gateway.call(path)).json).to.include({ status: 404, code: 'environment-not-found' });
    await create({ name: 'factory', address: 'h.example:1' });
    expect((await gateway.call(path.replace('e1', 'env1'))).json).to.include({ state: 'closed' });
    expect((await gateway.call(path.replace('e1', 'e2'), { method: 'POST' })).json).to.include({ status: 404, code: 'environment-not-found' });
  });

  it('shows an API key’s secret once, to its owner and never above their role', async () => {
    const created = await gateway.call('/api/v1/api-keys', { method: 'POST', as: 'auditor', body: '{"name":"tail","role":"auditor"}' });
    expect(created.status).to.equal(201);
    expect(created.json).to.include({ id: 'k1', name: 'tail', role: 'auditor', secret: 'hp_secret-of-k1' });
    expect(created.headers.location).to.equal('/api/v1/api-keys/k1');
    const above = await gateway.call('/api/v1/api-keys', { method: 'POST', as: 'auditor', body: '{"name":"more","role":"admin"}' });
    expect(above.json).to.deep.include({ status: 403, code: 'role-not-allowed', errors: [{ pointer: '/role', reason: 'above your own' }] });
    const listed = await gateway.call('/api/v1/api-keys', { as: 'auditor' });
    expect(listed.json).to.include({ total: 1, nextCursor: null });
    expect(listed.text).not.to.include('hp_');
    expect((await gateway.call('/api/v1/api-keys', { as: 'operator' })).json).to.include({ total: 0 });
    expect((await gateway.call('/api/v1/api-keys/k1', { method: 'DELETE', as: 'auditor' })).status).to.equal(204);
    expect((await gateway.call('/api/v1/api-keys/k1', { method: 'DELETE', as: 'auditor' })).json).to.include({ code: 'api-key-not-found' });
  });

  it('reads and patches the settings', async () => {
    expect((await gateway.call('/api/v1/settings', { as: 'auditor' })).json).to.include({ pollIntervalSeconds: 5, auditMode: 'strict' });
    expect((await gateway.call('/api/v1/settings', { method: 'PATCH', body: '{"pollIntervalSeconds":10}' })).status).to.equal(200);
    expect((await gateway.call('/api/v1/settings', { method: 'PATCH', body: '{"polInterval":10}' })).json).to.include({ status: 400, code: 'invalid-request' });
  });

  it('rotates the tunnel certificate, says which ones agents accept, and ends former ones', async () => {
    const path = '/api/v1/settings/tunnel-certificate';
    const acceptedUntil = '2026-02-03T04:05:06.789Z';
    expect((await gateway.call(path, { as: 'auditor' })).json).to.deep.equal({ fingerprint: '0', since: null, formers: [] });
    const rotate = (body?: string) => gateway.call(`${path}/rotate`, { method: 'POST', ...(body === undefined ? {} : { body }) });
    expect((await rotate()).json).to.deep.equal({ fingerprint: '1', since: acceptedUntil, formers: [{ fingerprint: '0', acceptedUntil }] });
    expect((await rotate('{"formerAcceptedSeconds":0}')).json).to.deep.include({ fingerprint: '2', formers: [] });
    expect((await rotate('{"formerAcceptedSeconds":9999}')).json).to.include({ status: 400, code: 'invalid-settings' });
    expect((await rotate('{"leaked":true}')).json).to.include({ status: 400, code: 'invalid-request' });
    await rotate('{}');
    expect((await gateway.call(`${path}/formers`, { method: 'DELETE' })).json).to.deep.include({ fingerprint: '3', formers: [] });
  });

  it('signs checkpoints on demand and lists them in pages', async () => {
    const path = '/api/v1/checkpoints';
    expect((await gateway.call(path, { as: 'auditor' })).json).to.deep.equal({ items: [], nextCursor: null, total: 0 });
    for (const position of ['10', '20', '30']) {
      const signed = await gateway.call(path, { method: 'POST' });
      expect([signed.status, signed.json['position']]).to.deep.equal([201, position]);
    }
    const first = await gateway.call(`${path}?limit=2`, { as: 'auditor' });
    expect(first.json).to.include({ nextCursor: '2', total: 3 });
    const rest = await gateway.call(`${path}?limit=2&cursor=2`, { as: 'auditor' });
    expect(rest.json).to.deep.include({ nextCursor: null, items: [{ at: '2026-02-03T04:05:06.789Z', controlPlaneNode: 'cp', position: '30', events: 30, chain: 'c0', publicKey: 'cA==', signature: 'cw==' }] });
    expect((await gateway.call(`${path}?cursor=x`, { as: 'auditor' })).json).to.include({ status: 400, code: 'invalid-cursor' });
  });

  it('tells whether it lives and is ready, to everyone', async () => {
    for (const path of ['/healthz', '/livez']) expect((await gateway.call(path, { as: null })).json).to.deep.equal({ status: 'ok', version: '1.2.3' });
    expect((await gateway.call('/readyz', { as: null })).json).to.deep.equal({ status: 'ready', checks: { store: 'ok' } });
    const certificate = await gateway.call('/ca.pem', { as: null });
    expect(certificate.headers['content-type']).to.equal('application/x-pem-file');
    expect(certificate.text).to.match(/^-----BEGIN CERTIFICATE-----/);

    const other = await startGateway({ readiness: () => ({ ready: false, checks: { store: 'ok', projections: 'catching up' } }), caCertificatePem: () => undefined });
    const notReady = await other.call('/readyz', { as: null });
    expect(notReady.json).to.include({ status: 503, code: 'not-ready', detail: 'projections: catching up.' });
    expect(notReady.headers['retry-after']).to.equal('2');
    expect((await other.call('/ca.pem', { as: null })).json).to.include({ status: 404, code: 'ca-certificate-not-found' });
    await other.close();
  });
});
