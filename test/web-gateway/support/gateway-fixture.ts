/** A gateway behind a real TLS listener, with everything behind it in memory but the engine, which is a real Unix socket. */
import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import type { HistoryEvent } from '../../../services/application/ports/history.ts';
import type { Role, Settings } from '../../../services/domain/events.ts';
import { createGateway, type Gateway } from '../../../web-gateway/gateway.ts';
import type { GatewayDependencies } from '../../../web-gateway/gateway-dependencies.ts';
import { aServerCertificate } from '../../support/certificates.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { createFakeAccess } from './fake-access.ts';
import { apiKey, createFakeAccounts, type FakeAccounts } from './fake-accounts.ts';
import { createFakeDelivery } from './fake-delivery.ts';
import { createFakeEnvironments, type FakeEnvironments } from './fake-environments.ts';
import { createFakeActivity, createFakeCheckpoints, createFakeExports, createFakeHistory, createFakeTunnelCertificate, type FakeActivity } from './fake-records.ts';
import { createFakeTunnel, type FakeTunnel } from './fake-tunnel.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly json: Record<string, unknown>;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whose API key to send; an admin's by default, null for none. */
  readonly as?: Role | null;
}

export interface GatewayFixture {
  readonly gateway: Gateway;
  readonly port: number;
  /** What its certificate is checked with. */
  readonly ca: string;
  /** Where the engine is to listen. */
  readonly enginePath: string;
  readonly accounts: FakeAccounts;
  readonly fleet: FakeEnvironments;
  readonly tunnel: FakeTunnel;
  readonly activity: FakeActivity;
  readonly history: ReturnType<typeof createFakeHistory>;
  /** The server's ends of the clients' connections. */
  readonly serverSockets: Set<TLSSocket>;
  /** Sends a request on a connection of its own and reads the whole answer. */
  call(target: string, options?: CallOptions): Promise<Answer>;
  /** The same, but the caller writes and reads. */
  open(target: string, options?: Omit<CallOptions, 'body'> & Pick<RequestOptions, 'agent'>): ClientRequest;
  /** A bare TLS connection, with half-close. */
  connect(): Promise<TLSSocket>;
  close(): Promise<void>;
}

/** The path of the one environment's Docker API. */
export const DOCKER = '/api/v1/environments/e1/docker';

const settings: Settings = {
  pollIntervalSeconds: 5,
  inactivityTimeoutSeconds: 300,
  keepAliveIntervalSeconds: 60,
  pollRetentionHours: 24,
  pollRetentionCount: 0,
  pollRetentionBytes: 16 * 1024 * 1024 * 1024,
  activityRetentionDays: 365,
  activityRetentionCount: 0,
  activityRetentionBytes: 16 * 1024 * 1024 * 1024,
  refusalRetentionDays: 90,
  refusalRetentionCount: 0,
  refusalRetentionBytes: 1024 * 1024 * 1024,
  stalledBytesLimit: 268_435_456,
  maxChannelsPerTunnel: 256,
  checkpointIntervalSeconds: 3600,
  sessionSeconds: 43_200,
  sessionIdleSeconds: 7200,
  snapshotIntervalSeconds: 3600,
  snapshotRetentionDays: 30,
  snapshotRetentionCount: 20_000_000,
  snapshotRetentionBytes: 64 * 1024 * 1024 * 1024,
  maskSecretsInSnapshots: true,
  publishPolls: true,
  operatorDeniedOperations: [],
  adminDeniedOperations: [],
  auditMode: 'strict',
};

export async function startGateway(overrides: Partial<GatewayDependencies> = {}, events: HistoryEvent[] = []): Promise<GatewayFixture> {
  const folder = createTemporaryFolder();
  const enginePath = path.join(folder.path, 'engine.sock');
  const { ca, cert, key } = await aServerCertificate();
  const accounts = createFakeAccounts();
  const fleet = createFakeEnvironments();
  const tunnel = createFakeTunnel(enginePath, new Set(['e1', 'env1']));
  const activity = createFakeActivity();
  const history = createFakeHistory(events);
  const serverSockets = new Set<TLSSocket>();
  const gateway = await createGateway({
    environments: fleet.environments,
    projections: fleet.projections,
    connections: tunnel.connections,
    dialer: tunnel.dialer,
    agentDelivery: createFakeDelivery(),
    resolveHost: async (host) => (host.startsWith('nowhere.') ? Promise.reject(new Error('ENOTFOUND')) : ['203.0.113.7']),
    accounts,
    users: accounts.users,
    environmentAccess: createFakeAccess(accounts, fleet),
    activity,
    snapshots: { request: () => Promise.resolve({ agents: 1 }) },
    history,
    eventExports: createFakeExports(),
    settings: { current: () => settings, change: () => Promise.resolve({ position: undefined }) },
    checkpoints: createFakeCheckpoints('2026-02-03T04:05:06.789Z'),
    tunnelCertificate: createFakeTunnelCertificate('2026-02-03T04:05:06.789Z'),
    metrics: { requestEnded: () => undefined, dockerCallEnded: () => undefined, streamOpened: () => () => undefined, exposition: () => Promise.resolve({ contentType: 'text/plain', text: '' }) },
    logger: pino({ level: 'silent' }),
    version: '1.2.3',
    readiness: () => ({ ready: true, checks: { store: 'ok' } }),
    caCertificatePem: () => ca,
    ...overrides,
  });
  const server = createServer({ cert, key, allowHalfOpen: true }, (socket) => {
    serverSockets.add(socket);
    socket.once('close', () => serverSockets.delete(socket));
    gateway.accept(socket, { address: '192.0.2.7' });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clients = new Set<Socket>();

  const fixture: GatewayFixture = {
    gateway,
    port,
    ca,
    enginePath,
    accounts,
    fleet,
    tunnel,
    activity,
    history,
    serverSockets,
    open(target, { method = 'GET', headers = {}, as = 'admin', agent = false }: Omit<CallOptions, 'body'> & Pick<RequestOptions, 'agent'> = {}) {
      const req = request({
        host: '127.0.0.1',
        port,
        ca,
        servername: 'localhost',
        path: target,
        method,
        agent,
        headers: { ...(as === null ? {} : { authorization: `Bearer ${apiKey(as)}` }), ...headers },
      });
      req.on('error', () => undefined);
      req.once('socket', (socket) => clients.add(socket));
      return req;
    },
    async call(target, options = {}) {
      const { body } = options;
      const req = fixture.open(target, options);
      if (body !== undefined) {
        if (req.getHeader('content-type') === undefined) req.setHeader('content-type', 'application/json');
        req.setHeader('content-length', Buffer.byteLength(body));
      }
      req.end(body);
      return wholeAnswer(req);
    },
    async connect() {
      // Node passes it on to the stream; its types leave it out.
      const options = { host: '127.0.0.1', port, ca, servername: 'localhost', allowHalfOpen: true };
      const socket = connect(options);
      clients.add(socket);
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      return socket;
    },
    async close() {
      for (const socket of clients) socket.destroy();
      await gateway.close({ graceMs: 0 });
      server.close();
      await once(server, 'close');
      folder.remove();
    },
  };
  return fixture;
}

/** Reads an answer to its end. Rejects where it is cut off. */
export async function wholeAnswer(req: ClientRequest): Promise<Answer> {
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const body = await buffer(res);
  if (!res.complete) throw new Error('the answer was cut off');
  const text = body.toString();
  let json: Record<string, unknown> = {};
  if (text.startsWith('{') && !text.endsWith('\n')) json = JSON.parse(text) as Record<string, unknown>;
  return { status: res.statusCode ?? 0, headers: res.headers, body, text, json };
}
