/**
 * The HTTP/1.1 server of the gateway. It never listens: connections are handed to it, and it hands requests either to
 * the Docker proxy, raw and streaming, or to the REST interface.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../gateway-limits.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { refuseConnection } from '../problems/raw-problem.ts';
import { ClientConnection, type ConnectionPeer } from './client-connection.ts';
import type { UpgradeRequest } from './upgrade-response.ts';

/** A request with all that is known of its connection. */
export interface IncomingCall {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly connection: ClientConnection;
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean;
  /** Resolves when every earlier request of the connection has ended. */
  readonly turn: Promise<void>;
}

/** Where requests go that ask for another protocol. */
export interface UpgradeHandler {
  /** Whether the connection may become something else. What is refused here is handled as a plain request. */
  mayUpgrade(req: IncomingMessage): boolean;
  handleUpgrade(upgrade: UpgradeRequest): void;
}

/** Where proxied requests go. */
export interface ProxyHandler extends UpgradeHandler {
  /** Whether the request-target is one of the proxy's. */
  matches(url: string): boolean;
  handle(call: IncomingCall): void;
}

export interface HttpServer {
  /** For Fastify, which wants to know it. Never listens. */
  readonly server: Server;
  /** Takes over a connection that speaks HTTP/1.1. */
  accept(socket: Duplex, peer: ConnectionPeer): void;
  /** Ends idle connections at once, and each other one after its response, at the latest after `graceMs`. */
  close(options: { readonly graceMs: number; readonly onGraceOver: () => void }): Promise<void>;
}

/** @param rest handles what the proxy does not. */
export function createHttpServer({
  proxy,
  upgrades,
  rest,
  limits,
}: {
  readonly proxy: ProxyHandler;
  /** Who else takes connections over. */
  readonly upgrades: UpgradeHandler;
  readonly rest: (req: IncomingMessage, res: ServerResponse) => void;
  readonly limits: GatewayLimits;
}): HttpServer {
  const connections = new Map<Duplex, ClientConnection>();
  let closing = false;

  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    keepAliveTimeout: limits.keepAliveMs,
    insecureHTTPParser: false,
    // Refused below, in our own words.
    requireHostHeader: false,
    // An upload may last for hours; the header has a deadline of its own (ClientConnection).
    requestTimeout: 0,
    headersTimeout: 0,
    shouldUpgradeCallback: (req) => connections.get(req.socket)?.inFlight === 0 && (proxy.mayUpgrade(req) || upgrades.mayUpgrade(req)),
  });
  // A reply to a client that half-closed must still arrive; whether the client is there at all is watched by ClientConnection.
  Object.assign(server, { httpAllowHalfOpen: true });

  function dispatch(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const connection = connections.get(req.socket);
    if (connection === undefined || connection.inFlight >= limits.pipelinedRequests) return void req.socket.destroy();
    if (req.headers.host === undefined && req.httpVersion === '1.1') return refuseConnection(req.socket, new GatewayError('malformed-request', 'The request has no Host.'));
    const turn = connection.begin(res);
    // After a request that asked for an upgrade and gets none, Node's parser drops what came in the same piece: nothing may follow.
    if (closing || req.headers.upgrade !== undefined) res.shouldKeepAlive = false;
    if (proxy.matches(req.url ?? '')) return proxy.handle({ req, res, connection, expectsContinue, turn });
    // Nothing of it can be sent before its turn: what is begun, such as a file, would only be held, so many for one connection.
    if (connection.inFlight === 1) return begin(req, res, expectsContinue);
    void turn.then(() => (req.socket.destroyed ? void res.emit('close') : begin(req, res, expectsContinue)));
  }

  function begin(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    if (expectsContinue) res.writeContinue();
    expectBody(req, limits.bodyDeadlineMs);
    rest(req, res);
  }

  server.on('request', (req, res) => dispatch(req, res, false));
  server.on('checkContinue', (req, res) => dispatch(req, res, true));
  server.on('checkExpectation', (req, _res) => {
    refuseConnection(req.socket, new GatewayError('expectation-failed', 'Only the expectation 100-continue is supported.'));
  });
  server.on('upgrade', (req, socket, head) => {
    const connection = connections.get(socket);
    if (connection === undefined) return void socket.destroy();
    (proxy.matches(req.url ?? '') ? proxy : upgrades).handleUpgrade({ req, socket, head, connection });
  });
  server.on('connect', (_req, socket: Duplex) => {
    refuseConnection(socket, new GatewayError('method-not-allowed', 'This server is no HTTP proxy.'));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket);
    // An answer of ours would be taken for that of a request before it.
    if (error.code === 'ECONNRESET' || connection === undefined || connection.inFlight > 0) return void socket.destroy();
    refuseConnection(socket, refusalOf(error));
  });

  return {
    server,
    accept(socket, peer) {
      if (closing && peer.isOurs !== true) return void socket.destroy();
      // The peer's address as the listener knows it, for whoever asks the socket (Fastify's request.ip does).
      Object.defineProperty(socket, 'remoteAddress', { value: peer.address, configurable: true });
      if (socket instanceof Socket) {
        socket.setNoDelay(true);
        // Finds out about peers that vanished while a raw stream is silent.
        socket.setKeepAlive(true, 30_000);
      }
      connections.set(socket, new ClientConnection(socket, limits, peer));
      socket.once('close', () => connections.delete(socket));
      server.emit('connection', socket);
    },
    async close({ graceMs, onGraceOver }) {
      closing = true;
      const closed = [...connections.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const connection of connections.values()) connection.close();
      const timer = setTimeout(() => {
        onGraceOver();
        for (const socket of connections.keys()) socket.destroy();
      }, graceMs);
      await Promise.all(closed);
      clearTimeout(timer);
    },
  };
}

/** A body that trickles in must not hold a connection for ever. */
function expectBody(req: IncomingMessage, withinMs: number): void {
  if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return;
  const timer = setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, withinMs);
  timer.unref();
  req.once('close', () => clearTimeout(timer));
}

function refusalOf(error: NodeJS.ErrnoException): GatewayError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new GatewayError('headers-too-large', 'The request line and header fields are larger than this server reads.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new GatewayError('body-too-large', 'The chunk extensions are larger than this server reads.');
    default:
      return new GatewayError('malformed-request', 'The connection brought something that is not an HTTP/1.1 request.');
  }
}

/**
 * Reads and forgets the rest of a request's body after its answer was sent, so that a client that is still sending can
 * read the answer and go on with the same connection; where that takes too long the connection goes.
 */
export function drainRequest(req: IncomingMessage, drainMs: number): void {
  if (req.complete || req.destroyed) return;
  req.resume();
  const timer = setTimeout(() => req.socket.destroy(), drainMs);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  req.once('end', stop);
  req.once('close', stop);
}
