/** The past, the fleet, containers, timeline and activity over REST, from real read models of a real record. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { pino } from 'pino';
import { createProjections } from '../../../projections/open.ts';
import type { Projections } from '../../../projections/port.ts';
import type { DomainEvent } from '../../../services/domain/events.ts';
import type { SnapshotContainer, SnapshotContent } from '../../../services/domain/snapshot.ts';
import { openEventStore, type EmbeddedEventStore } from '../../../services/event-store/open.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { startGateway, type Answer, type GatewayFixture } from '../support/gateway-fixture.ts';

/** Minutes after noon: everything happens on one day of the past. */
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 31, 12, minute)).toISOString();

function container(name: string, image: string, state: string): SnapshotContainer {
  const lists = { ports: [], mounts: [], networks: [], env: null };
  return { id: `${name}id`, name, image, imageId: 'sha256:1', command: 'run', createdAt: at(0), state, health: null, exitCode: null, labels: {}, ...lists };
}

function contentOf(...containers: readonly SnapshotContainer[]): SnapshotContent {
  return { engine: null, containers, images: [], volumes: [], networks: [], nodes: [], services: [], diskUse: null, truncated: {}, failed: {} };
}

/** As a newer agent may send it: it says more than is described. */
const newer = { ...contentOf(container('web', 'nginx:1', 'running'), container('db', 'postgres:17', 'running')), plugins: [{ name: 'vieux/sshfs', enabled: true }], truncated: { containerEnv: { kept: 1, of: null } } };

const report = { node: 'host', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
const created = (environmentId: string, name: string, minute: number): DomainEvent => ({
  type: 'EnvironmentCreated',
  data: { at: at(minute), environmentId, name, address: 'h.example:9443', tunnelAddress: 'h.example:8000', tags: environmentId === 'a' ? ['eu'] : [], pollIntervalSeconds: null, issuedEdgeId: 'x', requireIssuedEdgeId: false, joinTokenVersion: 1 },
});
const sealed = { sealed: 'c2VhbGVk' };
const call = { environmentId: 'a', node: null };

/** In their order. Recorded as they were decided. */
const record: readonly (readonly [stream: string, event: DomainEvent])[] = [
  ['environment-a', created('a', 'factory', 0)],
  ['environment-b', created('b', 'shop', 1)],
  ['environment-a', { type: 'AgentAssociated', data: { at: at(2), environmentId: 'a', edgeId: 'x', issued: true, node: 'host', address: '192.0.2.1' } }],
  ['environment-a', { type: 'AgentSeen', data: { at: at(2), environmentId: 'a', instanceId: 'i1', address: '192.0.2.1', report } }],
  ['polls-cp_1', { type: 'AgentPolled', data: { at: at(3), environmentId: 'a', node: 'host', instanceId: 'i1', sequence: 1 } }],
  ['settings', { type: 'SettingsChanged', data: { at: at(4), changes: { pollIntervalSeconds: 30 } } }],
  ['snapshots-a', { type: 'SnapshotRecorded', data: { at: at(5), environmentId: 'a', node: null, hostname: 'host', hash: 'one', content: newer } }],
  ['tunnel-a', { type: 'TunnelRequired', data: { at: at(6), environmentId: 'a', node: null } }],
  ['polls-cp_1', { type: 'AgentPolled', data: { at: at(7), environmentId: 'a', node: 'host', instanceId: 'i1', sequence: 2 } }],
  ['activity-cp_0', { type: 'ApiCallProxied', data: { at: at(8), ...call, callId: 'c1', method: 'GET', path: '/containers/json', status: 200, failure: null, durationMs: 12, bytesSent: 0, bytesReceived: 2 } }],
  ['activity-cp_0', { type: 'ApiCallStarted', data: { at: at(9), ...call, callId: 'c2', method: 'POST', path: '/exec/1/start' } }],
  ['activity-cp_0', { type: 'StreamOpened', data: { at: at(9), ...call, callId: 'c2', kind: 'exec', path: '/exec/1/start' } }],
  ['environment-a', { type: 'HeartbeatLost', data: { at: at(10), environmentId: 'a', lastPolledAt: at(7) } }],
  ['snapshots-a', { type: 'SnapshotRecorded', data: { at: at(11), environmentId: 'a', node: null, hostname: 'host', hash: 'two', content: contentOf(container('web', 'nginx:1', 'exited')) } }],
  ['user-u1', { type: 'UserCreated', data: { at: at(11), userId: 'u1', username: 'eva', role: 'operator', passwordHash: sealed } }],
  ['user-u1', { type: 'GrantChanged', data: { at: at(11), userId: 'u1', grants: [{ tag: 'eu', access: 'full' }] } }],
  ['user-u1', { type: 'ApiKeyCreated', data: { at: at(11), userId: 'u1', keyId: 'k1', name: 'ci', role: 'operator', keyHash: sealed, expiresAt: at(13) } }],
  ['environment-b', { type: 'EnvironmentRemoved', data: { at: at(12), environmentId: 'b' } }],
  ['activity-cp_0', { type: 'StreamClosed', data: { at: at(13), ...call, callId: 'c2', kind: 'exec', reason: 'ended', durationMs: 240_000, bytesSent: 5, bytesReceived: 6 } }],
  ['activity-cp_0', { type: 'ApiCallProxied', data: { at: at(13), ...call, callId: 'c2', method: 'POST', path: '/exec/1/start', status: 101, failure: null, durationMs: 240_000, bytesSent: 5, bytesReceived: 6 } }],
  ['user-u1', { type: 'UserRoleChanged', data: { at: at(13), userId: 'u1', role: 'auditor' } }],
  ['user-u1', { type: 'UserRemoved', data: { at: at(14), userId: 'u1' } }],
  ['activity-cp_0', { type: 'ApiCallProxied', data: { at: at(14), ...call, callId: 'c3', method: 'DELETE', path: '/containers/web', status: 502, failure: 'tunnel-lost', durationMs: 3, bytesSent: 0, bytesReceived: 0 } }],
];

describe('read models over REST', () => {
  const folder = createTemporaryFolder();
  let store: EmbeddedEventStore;
  let projections: Projections;
  let gateway: GatewayFixture;

  before(async () => {
    store = await openEventStore({ dataDirectory: path.join(folder.path, 'data') });
    for (const [stream, { type, data }] of record) {
      const metadata = JSON.stringify({ $correlationId: 'c', actor: stream.startsWith('activity') ? 'user:admin' : 'system', schemaVersion: 1, recordedAt: data.at });
      await store.append(stream, [{ id: randomUUID(), type, data: JSON.stringify(data), metadata }], { expectedRevision: 'any' });
    }
    projections = await createProjections({ eventStore: store, file: path.join(folder.path, 'read-models.db'), logger: pino({ level: 'silent' }) });
    await projections.whenCaughtUp();
    gateway = await startGateway({ projections });
  });
  after(async () => {
    await gateway.close();
    await projections.close();
    await store.close();
    folder.remove();
  });

  const get = (target: string): Promise<Answer> => gateway.call(`/api/v1${target}`, { as: 'auditor' });
  const items = async (target: string): Promise<Record<string, unknown>[]> => (await get(target)).json['items'] as Record<string, unknown>[];

  it('show an environment as it was, with what it was then and no later', async () => {
    const { json } = await get(`/environments/a?asOf=${at(5)}`);
    expect(json).to.deep.include({ id: 'a', name: 'factory', status: 'up', asOf: at(5), approximate: [] });
    expect(json['heartbeat']).to.deep.equal({ state: 'up', lastPolledAt: at(3), intervalSeconds: 30, lastFailure: null });
    expect(json['tunnel']).to.deep.include({ state: 'closed', lastUsedAt: null });
    expect(json['snapshot']).to.deep.include({ takenAt: at(5) });
    expect((await get(`/environments/a?asOf=${at(3)}`)).json['heartbeat']).to.deep.include({ lastPolledAt: at(3), intervalSeconds: 5 });
    const now = (await get('/environments/a')).json;
    expect(now).to.include({ status: 'down' }).and.not.to.have.any.keys('asOf', 'approximate');
  });

  it('list the environments that there were', async () => {
    const names = async (query: string): Promise<unknown[]> => (await items(`/environments?${query}`)).map(({ name }) => name);
    expect(await names(`asOf=${at(0)}`)).to.deep.equal(['factory']);
    expect(await names(`asOf=${at(11)}&sort=-name`)).to.deep.equal(['shop', 'factory']);
    expect(await names(`asOf=${at(12)}`)).to.deep.equal(['factory']);
    expect(await names(`asOf=${at(11)}&status=down`)).to.deep.equal(['factory']);
    expect(await names(`asOf=${at(6)}&tunnel=required`)).to.deep.equal(['factory']);
    expect(await names(`asOf=${at(5)}&tunnel=required`)).to.deep.equal([]);
    expect((await get(`/environments?asOf=${at(5)}&sort=lastPolledAt`)).json).to.include({ status: 400, code: 'invalid-request' });
    expect((await get('/environments?sort=lastPolledAt')).json).to.include({ total: 1 });
    expect((await get('/environments?sort=name&cursor=bm9uc2Vuc2U')).json).to.include({ status: 400, code: 'invalid-cursor' });
  });

  it('say that an environment was not there yet, or no longer', async () => {
    for (const target of [`/environments/b?asOf=${at(0)}`, `/environments/b?asOf=${at(12)}`, `/environments/b/connection?asOf=${at(12)}`, `/environments/b/snapshots?asOf=${at(12)}`]) {
      expect((await get(target)).json, target).to.include({ status: 404, code: 'environment-not-found' });
    }
    expect((await get(`/environments/a/snapshots/latest?asOf=${at(4)}`)).json).to.include({ code: 'snapshot-not-found' });
    expect((await get(`/environments/a/connection?node=other&asOf=${at(4)}`)).json).to.include({ code: 'node-not-found' });
  });

  it('refuse what is no instant of the past, and say what is', async () => {
    for (const asOf of ['yesterday', '2026-01-31', '2026-01-31T12:00:00', '2026-13-31T12:00:00Z', new Date(Date.now() + 60_000).toISOString()]) {
      const { json } = await get(`/environments?asOf=${encodeURIComponent(asOf)}`);
      expect(json, asOf).to.include({ status: 400, code: 'invalid-instant' });
      expect((json['errors'] as { parameter: string }[])[0]).to.include({ parameter: 'asOf' });
    }
    expect((await get(`/environments?asOf=${encodeURIComponent('2026-01-31T13:05:00+01:00')}`)).json).to.include({ total: 2 });
  });

  it('show a tunnel and a snapshot as they were', async () => {
    expect((await get(`/environments/a/connection?asOf=${at(5)}`)).json).to.deep.include({ state: 'closed', since: null, asOf: at(5) });
    expect((await get(`/environments/a/connection?asOf=${at(6)}`)).json).to.deep.include({ state: 'required', since: at(6) });
    const { json } = await get(`/environments/a/snapshots/latest?asOf=${at(10)}`);
    expect(json['snapshot']).to.deep.equal(newer);
    expect((await get(`/environments/a/snapshots?asOf=${at(10)}`)).json).to.include({ total: 1 });
    expect((await get('/environments/a/snapshots')).json).to.include({ total: 2 });
  });

  it('find containers across all environments, now and then', async () => {
    expect((await get('/containers')).json).to.deep.include({
      total: 1,
      items: [{ environment: { id: 'a', name: 'factory' }, node: null, hostname: 'host', id: 'webid', name: 'web', image: 'nginx:1', state: 'exited', health: null, exitCode: null, createdAt: at(0), stack: null, takenAt: at(11) }],
    });
    const found = async (query: string): Promise<unknown[]> => (await items(`/containers?${query}`)).map(({ name }) => name);
    expect(await found(`asOf=${at(6)}`)).to.deep.equal(['db', 'web']);
    expect(await found(`asOf=${at(6)}&image=NGINX&state=running`)).to.deep.equal(['web']);
    expect(await found('image=postgres')).to.deep.equal([]);
    const first = (await get(`/containers?asOf=${at(6)}&limit=1`)).json;
    expect(await found(`asOf=${at(6)}&limit=1&cursor=${String(first['nextCursor'])}`)).to.deep.equal(['web']);
    expect(await found(`asOf=${at(6)}&offset=1`)).to.deep.equal(['web']);
    expect((await get('/containers?cursor=nonsense')).json).to.include({ code: 'invalid-cursor' });
  });

  it('count the fleet, now, then and over time', async () => {
    expect((await get('/fleet')).json).to.deep.include({ environments: 1, byStatus: { down: 1 }, byPlatform: { 'linux/amd64': 1 }, byVersion: { '0.1.0': 1 }, tunnels: { required: 1 } });
    const { json } = await get(`/fleet?asOf=${at(4)}&from=${at(0)}&to=${at(15)}&stepSeconds=300`);
    expect(json).to.deep.include({ environments: 2, byStatus: { unassociated: 1, up: 1 }, tunnels: {} });
    const history = json['history'] as { at: string[]; stepSeconds: number; series: { value: string; last: number[] }[] };
    // So old a past is kept by the quarter of an hour at best.
    expect(history.stepSeconds % 900).to.equal(0);
    expect(history.series.map(({ value }) => value)).to.have.members(['unassociated', 'never', 'up', 'down']);
    expect((await get(`/fleet?from=${at(2)}&to=${at(1)}`)).json).to.include({ code: 'invalid-request' });
  });

  it('tell an operator of what its grants reach, and of nothing else', async () => {
    const seen = async (target: string): Promise<unknown> => {
      const { json } = await gateway.call(`/api/v1${target}`, { as: 'operator' });
      return json['environments'] ?? (json['items'] as unknown[]).length;
    };
    const targets = ['/containers', `/containers?asOf=${at(6)}`, '/fleet', `/fleet?asOf=${at(6)}`, '/timeline', '/activity', `/environments?asOf=${at(6)}`];
    const all = await Promise.all(targets.map(async (target) => seen(target)));
    expect(all).to.deep.equal([1, 2, 1, 2, 15, 3, 2]);
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'read' }]);
    expect(await Promise.all(targets.map(async (target) => seen(target)))).to.deep.equal([1, 2, 1, 1, 7, 3, 1]);
    expect((await gateway.call('/api/v1/fleet', { as: 'operator' })).json).to.include({ history: null });
    gateway.accounts.grantOperator([{ tag: 'us', access: 'full' }]);
    expect(await Promise.all(targets.map(async (target) => seen(target)))).to.deep.equal([0, 0, 0, 0, 0, 0, 0]);
    gateway.accounts.grantOperator([{ tag: '*', access: 'full' }]);
  });

  it('tell who had which access', async () => {
    const eva = { id: 'u1', username: 'eva', createdAt: at(11), passwordChangedAt: at(11), signsInBy: 'password', lastSignedInAt: null };
    const key = { id: 'k1', name: 'ci', role: 'operator', createdAt: at(11), expiresAt: at(13) };
    expect(await items(`/users?asOf=${at(10)}`)).to.deep.equal([]);
    expect(await items(`/users?asOf=${at(12)}`)).to.deep.equal([{ ...eva, role: 'operator', grants: [{ tag: 'eu', access: 'full' }], apiKeys: [key] }]);
    expect(await items(`/users?asOf=${at(13)}`)).to.deep.equal([{ ...eva, role: 'auditor', grants: [], apiKeys: [] }]);
    expect(await items(`/users?asOf=${at(14)}`)).to.deep.equal([]);
  });

  it('tell what happened to an environment, without polls and calls', async () => {
    const types = (await items('/environments/a/timeline?order=asc')).map(({ type }) => type);
    expect(types).to.deep.equal(['EnvironmentCreated', 'AgentAssociated', 'AgentSeen', 'SnapshotRecorded', 'TunnelRequired', 'HeartbeatLost', 'SnapshotRecorded']);
    const [newest] = await items('/environments/a/timeline?limit=1');
    expect(newest).to.deep.include({ kind: 'snapshot', environmentId: 'a', actor: 'system', time: at(11), stream: 'snapshots-a' });
    expect(newest?.['details']).to.deep.include({ hash: 'two' }).and.not.to.have.property('content');
    expect(await items(`/environments/a/timeline?kind=heartbeat`)).to.have.length(1);
    expect(await items(`/environments/a/timeline?from=${at(5)}&to=${at(10)}`)).to.have.length(2);
    expect((await get('/environments/nosuch/timeline')).json).to.include({ status: 404, code: 'environment-not-found' });
    expect((await get('/environments/b/timeline')).json).to.include({ total: 2 });
    const oldest = await items('/timeline?order=asc&limit=6');
    expect(oldest.map(({ environmentId }) => environmentId)).to.deep.equal(['a', 'b', 'a', 'a', null, 'a']);
    // By its last name where it was removed meanwhile.
    expect(oldest.map(({ environmentName }) => environmentName)).to.deep.equal(['factory', 'shop', 'factory', 'factory', null, 'factory']);
  });

  it('tell who called what, with what result', async () => {
    const calls = await items('/environments/a/activity');
    expect(calls.map(({ id }) => id)).to.deep.equal(['c3', 'c2', 'c1']);
    expect(calls[1]).to.deep.equal({
      id: 'c2',
      environmentId: 'a',
      environmentName: 'factory',
      node: null,
      actor: 'user:admin',
      method: 'POST',
      path: '/exec/1/start',
      startedAt: at(9),
      endedAt: at(13),
      status: 101,
      failure: null,
      durationMs: 240_000,
      bytesSent: 5,
      bytesReceived: 6,
      stream: { kind: 'exec', endReason: 'ended' },
    });
    const found = async (query: string): Promise<unknown[]> => (await items(`/activity?${query}`)).map(({ id }) => id);
    expect(await found('result=failed')).to.deep.equal(['c3']);
    expect(await found('result=ok&method=GET')).to.deep.equal(['c1']);
    expect(await found('changes=true')).to.deep.equal(['c3', 'c2']);
    expect(await found('changes=false')).to.deep.equal(['c1']);
    expect(await found('actor=nobody')).to.deep.equal([]);
    expect(await found('path=exec&environment=a')).to.deep.equal(['c2']);
    expect((await get('/environments/nosuch/activity')).json).to.include({ code: 'environment-not-found' });
    expect((await get('/environments/b/activity')).json).to.include({ total: 0 });
  });
});
