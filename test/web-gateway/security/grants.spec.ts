/** What an operator's grants open, through every door: lists, events, the Docker proxy, and what is open already. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HistoryEvent } from '../../../services/application/ports/history.ts';
import type { PastUser } from '../../../projections/port.ts';
import { createFakeEnvironments } from '../support/fake-environments.ts';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const ENVIRONMENTS = '/api/v1/environments';
const at = '2026-02-03T04:05:06.789Z';
const event = (position: string, type: string, data: object): HistoryEvent => ({ id: position, stream: 's', revision: 0, position, type, time: at, recordedAt: at, data, metadata: {} });
const EVENTS = [event('1', 'EnvironmentCreated', { environmentId: 'env1' }), event('2', 'EnvironmentCreated', { environmentId: 'env2' }), event('3', 'SignedIn', { userId: 'u' })];

describe('an operator’s grants', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;

  beforeEach(async () => {
    gateway = await startGateway({}, [...EVENTS]);
    engine = await startHttpEngine(gateway.enginePath, (req, res) => void res.write(`${req.method ?? ''} `, () => (req.url?.includes('events') === true ? undefined : res.end('done'))));
    for (const [name, tag] of [['a', 'eu'], ['b', 'us']]) await gateway.call(ENVIRONMENTS, { method: 'POST', body: JSON.stringify({ name, address: 'h.example:1', tags: [tag] }) });
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  const asOperator = (path: string, options: Parameters<GatewayFixture['call']>[1] = {}) => gateway.call(path, { ...options, as: 'operator' });

  it('show in lists what they reach, and say who asks what that is', async () => {
    const listed = async () => ((await asOperator(ENVIRONMENTS)).json['items'] as { name: string }[]).map(({ name }) => name);
    expect(await listed()).to.deep.equal(['a', 'b']);
    expect((await asOperator('/api/v1/sessions/current')).json).to.deep.include({ grants: null });
    gateway.accounts.grantOperator([{ tag: 'us', access: 'read' }]);
    expect(await listed()).to.deep.equal(['b']);
    expect((await asOperator(ENVIRONMENTS)).json).to.include({ total: 1 });
    expect((await asOperator('/api/v1/sessions/current')).json).to.deep.include({ grants: [{ tag: 'us', access: 'read' }] });
    gateway.accounts.grantOperator([]);
    expect(await listed()).to.deep.equal([]);
  });

  it('show of accounts their own alone, in the past too: not one that had its name', async () => {
    const past = (id: string): PastUser => ({ id, username: 'the-operator', role: 'admin', grants: [], createdAt: at, passwordChangedAt: at, signsInBy: 'password', lastSignedInAt: null, apiKeys: [] });
    const { projections } = createFakeEnvironments();
    const other = await startGateway({ projections: { ...projections, past: { ...projections.past, listUsers: () => Promise.resolve([past('namesake'), past('operator')]) } } });
    try {
      const ids = async () => ((await other.call(`/api/v1/users?asOf=${at}`, { as: 'operator' })).json['items'] as { id: string }[]).map(({ id }) => id);
      expect(await ids()).to.have.members(['namesake', 'operator']);
      other.accounts.grantOperator([{ tag: 'eu', access: 'full' }]);
      expect(await ids()).to.deep.equal(['operator']);
    } finally {
      await other.close();
    }
  });

  it('make what is out of reach look like what does not exist', async () => {
    gateway.accounts.grantOperator([{ tag: 'us', access: 'full' }]);
    for (const [method, path] of [['GET', ''], ['GET', '/deployment'], ['POST', '/connection'], ['GET', '/connection'], ['GET', '/snapshots/latest'], ['POST', '/snapshots']]) {
      const answers = await Promise.all(['env1', 'nosuch'].map((id) => asOperator(`${ENVIRONMENTS}/${id}${path ?? ''}`, { method: method ?? '' })));
      const [hidden, absent] = answers.map(({ status, json: { instance: _, ...json } }) => JSON.stringify({ status, json }));
      expect(hidden).to.include('environment-not-found').and.to.equal(absent?.replaceAll('nosuch', 'env1'));
    }
    const [hidden, absent] = await Promise.all(['env1', 'nosuch'].map((id) => asOperator(`${ENVIRONMENTS}/${id}/docker/info`)));
    expect([hidden?.status, hidden?.json['code'], hidden?.text]).to.deep.equal([404, 'environment-not-found', absent?.text.replaceAll('nosuch', 'env1')]);
    expect(gateway.tunnel.required).to.deep.equal([]);
  });

  it('show the events of what they reach, in pages and as a stream', async () => {
    gateway.accounts.grantOperator([{ tag: 'us', access: 'read' }]);
    const { json } = await asOperator('/api/v1/events');
    expect((json['items'] as HistoryEvent[]).map(({ position }) => position)).to.deep.equal(['2']);
    const lines = (await asOperator('/api/v1/events', { headers: { accept: 'application/x-ndjson' } })).text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as HistoryEvent).position)).to.deep.equal(['2']);
  });

  it('to read let an engine be looked at and its tunnel opened, and refuse what changes it, before it hears of that', async () => {
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'read' }]);
    expect((await asOperator(`${ENVIRONMENTS}/env1/connection`, { method: 'POST' })).status).to.equal(200);
    const docker = `${ENVIRONMENTS}/env1/docker`;
    expect((await asOperator(`${docker}/v1.44/containers/json`)).text).to.equal('GET done');
    for (const [method, path] of [['POST', '/containers/create'], ['GET', '/containers/a/archive'], ['GET', '/swarm/unlockkey'], ['DELETE', '/containers/a'], ['POST', '/exec/e/start']]) {
      const refused = await asOperator(`${docker}${path ?? ''}`, { method: method ?? '', headers: { connection: 'Upgrade', upgrade: 'tcp' } });
      expect([refused.status, refused.json['code']], path).to.deep.equal([403, 'read-only-access']);
    }
    expect(engine.connections).to.have.length(1);
    expect((await asOperator(`${ENVIRONMENTS}/env1/connection`, { method: 'DELETE' })).json).to.include({ code: 'read-only-access' });
  });

  it('that are taken cut off what is under way, and nothing of others', async () => {
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'full' }]);
    const follow = async (as: 'operator' | 'admin'): Promise<IncomingMessage> => {
      const req = gateway.open(`${DOCKER}/v1.44/events`, { as });
      req.end();
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      await once(res, 'readable');
      return res;
    };
    const [theirs, others] = [await follow('operator'), await follow('admin')];
    const cut = text(theirs).then(() => 'whole', () => 'cut off');
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'read' }]);
    expect((await asOperator(`${DOCKER}/info`)).status).to.equal(200);
    expect(theirs.destroyed, 'reading goes on with a grant to read').to.equal(false);
    gateway.accounts.grantOperator([{ tag: 'us', access: 'full' }]);
    expect(await cut).to.equal('cut off');
    expect(await gateway.activity.outcomeOf('/v1.44/events')).to.include({ failure: 'access-ended' });
    expect(others.destroyed).to.equal(false);
  });
});
