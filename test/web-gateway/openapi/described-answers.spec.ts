/** The description of the REST interface says what the server does: each operation is called, and each answer held against it, errors included. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { startFleet } from '../../../agent/fleet/fleet.ts';
import { createRest, signInByRest, type Rest, type RestAnswer } from '../../e2e/docker/support/rest.ts';
import { eventually } from '../../support/eventually.ts';
import { startHomeport, type HomeportServer } from '../../support/homeport.ts';
import { readDescription, type DescribedInterface, type Operation } from './described-interface.ts';

/** A call that is to succeed. What it answers is given to those after it. */
interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
}

describe('the description of the REST interface', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let rest: Rest;
  let described: DescribedInterface;

  before(async () => {
    server = await startHomeport();
    rest = createRest(server, (await signInByRest(server)).apiKey);
    described = readDescription((await createRest(server).call('GET', '/api/v1/openapi.json')).body);
  });
  after(() => server.remove());

  async function ask(operation: Operation, { params = {}, query = '', body, headers = {} }: Partial<Call>, by: Rest = rest): Promise<RestAnswer> {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'nosuch');
    const answer = await by.call(operation.method, `${path}${query}`, { body, headers });
    expect(described.faultOf(operation, answer), `${operation.method} ${path}${query}`).to.equal(undefined);
    return answer;
  }

  it('is OpenAPI 3.1, and every operation has a name, a summary, and an example of what it takes', async () => {
    const result = await new Validator().validate(described.document as Record<string, unknown>);
    expect(result.valid, JSON.stringify(result.errors)).to.equal(true);
    expect(described.document).to.include({ openapi: '3.1.0' });
    for (const { operationId, requestBody } of described.operations.values()) {
      for (const media of Object.values(requestBody?.content ?? {})) expect(media, operationId).to.satisfy((one: object) => 'example' in one || 'examples' in one);
    }
  });

  it('describes how each operation fails', async () => {
    const nobody = createRest(server);
    for (const operation of described.operations.values()) {
      const { operationId, security, method, path, requestBody } = operation;
      if (security.length > 0) expect((await ask(operation, {}, nobody)).status, operationId).to.equal(401);
      const params = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, name === 'edgeId' ? '6b1f0c52-0000-4000-8000-000000000001' : 'nosuch']));
      const strange = await ask(operation, { params, query: '?nonsense=1' });
      expect([400, 404], `${operationId} ${strange.body}`).to.include(strange.status);
      // What is a WebSocket says so before it looks.
      if (path.includes('{id}') && !path.includes('{cid}') && !path.endsWith('/engine-events')) expect((await ask(operation, { params, body: requestBody === undefined ? undefined : {} })).status, operationId).to.be.oneOf([400, 404]);
      if (method !== 'GET' && requestBody !== undefined) expect((await ask(operation, { params, body: [] })).status, operationId).to.be.oneOf([400, 404]);
    }
  });

  it('describes what each operation answers where it succeeds', async () => {
    const called = new Set<string>();
    const call: Caller = async (name, given) => {
      const operation = described.operations.get(name);
      if (operation === undefined) throw new Error(`there is no operation ${name}`);
      called.add(name);
      const answer = await ask(operation, given, given.headers?.['cookie'] === undefined ? rest : createRest(server));
      expect(answer.status, `${name}: ${answer.body}`).to.equal(given.status);
      const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
      return { json: isJson ? (JSON.parse(answer.body) as Record<string, unknown>) : {}, headers: answer.headers };
    };
    for (const succeed of calls) await succeed(call, server);
    expect([...described.operations.keys()].filter((name) => !called.has(name)), 'operations that this spec does not call').to.deep.equal([]);
  });
});

type Caller = (name: string, given: Call) => Promise<{ readonly json: Record<string, unknown>; readonly headers: RestAnswer['headers'] }>;

/** Each group in turn, on one server. */
const calls: readonly ((call: Caller, server: HomeportServer) => Promise<void>)[] = [
  async (call) => {
    for (const name of ['describeInterface', 'health', 'liveness', 'readiness', 'caCertificate', 'readMetrics', 'downloadInstallScript', 'downloadAgent']) await call(name, { status: 200 });
    await call('downloadInstallScript', { headers: { range: 'bytes=0-99' }, status: 206 });
    // Making the image takes seconds; its own spec does.
    await call('downloadAgentImage', { query: '?platform=plan9/mips', status: 404 });
    // What it answers goes on for ever.
    await call('followLive', { query: '?kind=weather', status: 400 });
    await call('describeOpenIdConnect', { status: 200 });
    await call('beginOpenIdConnect', { status: 404 });
    await call('endOpenIdConnect', { status: 404 });
  },
  async (call, { admin, url }) => {
    const signedIn = await call('signIn', { body: admin, status: 201 });
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
    const headers = { cookie, origin: url, 'x-homeport-csrf': '1' };
    await call('whoAmI', { headers, status: 200 });
    await call('signIn', { body: admin, status: 201 });
    const sessions = (await call('listSessions', { status: 200 })).json['items'] as { readonly id: string; readonly isCurrent: boolean }[];
    await call('signOut', { headers, status: 204 });
    const left = (await call('listSessions', { status: 200 })).json['items'] as { readonly id: string }[];
    expect(left.length).to.equal(sessions.length - 1);
    await call('endSession', { params: { id: left[0]?.id ?? '' }, status: 204 });
  },
  async (call) => {
    const { json } = await call('createUser', { body: { username: 'kim', password: 'correct horse battery staple', role: 'operator' }, status: 201 });
    const params = { id: String(json['id']) };
    await call('listUsers', { query: '?limit=1', status: 200 });
    await call('showUser', { params, status: 200 });
    await call('changeUser', { params, body: { grants: [{ tag: 'eu', access: 'read' }] }, status: 200 });
    await call('removeUser', { params, status: 204 });
  },
  async (call) => {
    const { json } = await call('createApiKey', { body: { name: 'described', role: 'auditor' }, status: 201 });
    await call('listApiKeys', { query: '?limit=1', status: 200 });
    await call('revokeApiKey', { params: { id: String(json['id']) }, status: 204 });
  },
  async (call) => {
    await call('readSettings', { status: 200 });
    await call('changeSettings', { body: { pollIntervalSeconds: 6 }, status: 200 });
    await call('showTunnelCertificate', { status: 200 });
    await call('listAddresses', { status: 200 });
    await call('rotateTunnelCertificate', { status: 200 });
    await call('retireFormerTunnelCertificates', { status: 200 });
  },
  async (call, { httpsPort, tunnelPort }) => {
    const { json } = await call('createEnvironment', {
      body: { name: 'described', address: `localhost:${httpsPort}`, tunnelAddress: `localhost:${tunnelPort}`, allowLoopback: true, tags: ['eu'] },
      headers: { 'idempotency-key': 'described' },
      status: 201,
    });
    const params = { id: String(json['id']), edgeId: String(json['issuedEdgeId']) };
    await call('listEnvironments', { query: '?status=unassociated&limit=10', status: 200 });
    await call('showDeployment', { params, status: 200 });
    await call('selectEnvironment', { params, status: 202 });
    await call('disconnectEnvironment', { params, status: 204 });
    const fleet = await startFleet({ agents: [{ name: 'described', edgeId: params.edgeId, joinToken: String(json['joinToken']), bringsSnapshots: true }], trust: { kind: 'binding' }, joinMs: 0 });
    try {
      await eventually('its agent to have brought a snapshot', async () => {
        const { snapshot } = (await call('showEnvironment', { params, status: 200 })).json as { readonly snapshot: { readonly takenAt: string | null } | null };
        return snapshot?.takenAt ?? undefined;
      });
      await call('selectEnvironment', { params, query: '?waitSeconds=10', status: 200 });
      for (const name of ['showTunnel', 'showLatestSnapshot', 'listSnapshots', 'searchContainers', 'countFleet', 'listTimeline', 'listEnvironmentTimeline', 'listActivity', 'listEnvironmentActivity']) {
        await call(name, { params, status: 200 });
      }
      await call('keepTunnelAlive', { params, status: 204 });
      await call('takeSnapshot', { params, status: 202 });
      for (const name of ['execInContainer', 'attachToContainer', 'followContainerLogs', 'followContainerStats', 'followEngineEvents']) await call(name, { params: { ...params, cid: 'c1' }, status: 426 });
      await call('disassociateEnvironment', { params, status: 200 });
    } finally {
      await fleet.stop();
    }
    await call('allowEdgeId', { params, status: 204 });
    await call('changeEnvironment', { params, body: { tags: ['eu', 'line-1'] }, status: 200 });
    await call('rotateJoinToken', { params, status: 200 });
    await call('removeEnvironment', { params, status: 204 });
  },
  async (call) => {
    await call('listEvents', { query: '?category=environment&order=desc&limit=5', status: 200 });
    await call('exportRecord', { query: '?type=EnvironmentCreated', status: 200 });
    await call('signCheckpoint', { status: 201 });
    await call('listCheckpoints', { status: 200 });
    await call('rebuildReadModels', { status: 200 });
  },
];
