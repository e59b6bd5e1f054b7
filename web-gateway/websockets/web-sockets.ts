/** WebSockets for browsers: a request passes the REST interface as any other does, and becomes a socket only where its route opens it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { UpgradeHandler } from '../http/http-server.ts';
import { createUpgradeResponse, type UpgradeRequest, type UpgradeResponse } from '../http/upgrade-response.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import type { Authentication, Identity } from '../security/authentication.ts';
import { watchPings } from './pings.ts';

export interface WebSockets extends UpgradeHandler {
  /** Whether this request asks for a socket. */
  isAsked(req: IncomingMessage): boolean;
  /**
   * Answers the request with a socket; nothing else may be answered from then on. Throws {@link GatewayError} upgrade-required,
   * origin-not-allowed and invalid-request, which are answered as ever.
   */
  open(req: IncomingMessage, by: Identity['by']): WebSocket;
}

const TARGET = /^\/api\/v1\/(?:live|environments\/[^/?]+\/(?:engine-events|containers\/[^/?]+\/(?:exec|attach|logs|stats)))(?=\?|$)/;
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const VERSIONS: ReadonlySet<unknown> = new Set(['13', '8']);
/** How long whoever is told that a socket closes may take to agree. */
const CLOSE_MS = 5_000;

export function createWebSockets({
  authentication,
  rest,
  limits,
}: {
  readonly authentication: Pick<Authentication, 'refuseForeignSocket'>;
  readonly rest: (req: IncomingMessage, res: ServerResponse) => void;
  readonly limits: Pick<GatewayLimits, 'webSocketMessageBytes' | 'webSocketPingMs'>;
}): WebSockets {
  const asked = new WeakMap<IncomingMessage, UpgradeRequest & { readonly response: UpgradeResponse }>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.webSocketMessageBytes,
    handleProtocols: () => false,
    // Its types don't know it yet.
    ...{ closeTimeout: CLOSE_MS },
  });

  return {
    mayUpgrade: ({ method, headers, url = '' }) =>
      method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0' && TARGET.test(url),

    handleUpgrade(upgrade) {
      const response = createUpgradeResponse(upgrade);
      asked.set(upgrade.req, { ...upgrade, response });
      rest(upgrade.req, response.res);
    },

    isAsked: (req) => asked.has(req),

    open(req, by) {
      const upgrade = asked.get(req);
      if (upgrade === undefined) throw new GatewayError('upgrade-required', 'This is a WebSocket: ask for it with Upgrade: websocket.', { headers: { upgrade: 'websocket' } });
      authentication.refuseForeignSocket(req.headers, by);
      if (!KEY.test(req.headers['sec-websocket-key'] ?? '') || !VERSIONS.has(req.headers['sec-websocket-version'])) {
        throw new GatewayError('invalid-request', 'The WebSocket’s key or version is not valid.', { headers: { 'sec-websocket-version': '13' } });
      }
      const { socket, head, response } = upgrade;
      response.release();
      let opened: WebSocket | undefined;
      server.handleUpgrade(req, socket, head, (webSocket) => (opened = webSocket));
      // Its client has gone meanwhile; nobody hears this.
      if (opened === undefined) throw new GatewayError('malformed-request', 'The connection ended before it became a WebSocket.');
      opened.on('error', () => undefined);
      watchPings(opened, limits.webSocketPingMs);
      // For whoever counts and logs requests.
      const { res } = response;
      res.statusCode = 101;
      opened.once('close', () => {
        res.emit('finish');
        res.emit('close');
      });
      return opened;
    },
  };
}
