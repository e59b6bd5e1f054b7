/** Finds out who sends a request, and whether a browser was tricked into sending it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Accounts, Principal, RequestOrigin } from '../../services/application/ports/accounts.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { sessionToken } from './session-cookie.ts';

/** A principal, and by what it is known. */
export interface Identity {
  readonly principal: Principal;
  readonly by: 'session' | 'api-key' | 'connection';
}

export interface Authentication {
  /** Whoever sends requests on this connection is known by the connection itself (admin.sock). */
  trust(connection: Duplex, principal: Principal): void;
  /**
   * Undefined where the request names nobody. Who is known by the connection needs nothing more; else an Authorization
   * header wins over a cookie. Throws {@link GatewayError} unauthenticated: for a key that is no good, which is recorded.
   */
  identify(request: Pick<IncomingMessage, 'headers' | 'socket'>, origin: RequestOrigin): Identity | undefined;
  /**
   * Throws {@link GatewayError} csrf-header-required or origin-not-allowed. What a page of another origin can make a
   * browser send has no header of our own, and says where it comes from.
   */
  refuseForgery(headers: IncomingHttpHeaders): void;
  /** Throws {@link GatewayError} origin-not-allowed where the request names another origin. */
  refuseOtherOrigin(headers: IncomingHttpHeaders): void;
  /**
   * For a WebSocket, which no page can send a header of our own with. Throws {@link GatewayError} origin-not-allowed where the request
   * names another origin, and where a cookie signs it in also where it names none.
   */
  refuseForeignSocket(headers: IncomingHttpHeaders, by: Identity['by']): void;
}

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

export function createAuthentication({
  accounts,
  allowedOrigins,
}: {
  readonly accounts: Accounts;
  /** Origins besides the request's own Host, such as that of a reverse proxy. */
  readonly allowedOrigins: readonly string[];
}): Authentication {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));

  const trusted = new WeakMap<Duplex, Principal>();

  function refuseOtherOrigin({ origin, host }: IncomingHttpHeaders): void {
    if (origin === undefined) return;
    const from = origin.toLowerCase();
    if (host !== undefined && from === `https://${host.toLowerCase().replace(/:443$/, '')}`) return;
    if (!allowed.has(from)) throw new GatewayError('origin-not-allowed', 'This may only be asked from the pages of this server itself.');
  }

  return {
    trust(connection, principal) {
      trusted.set(connection, principal);
    },
    identify({ headers, socket }, origin) {
      const known = trusted.get(socket);
      if (known !== undefined) return { principal: known, by: 'connection' };
      if (headers.authorization !== undefined) {
        const key = BEARER.exec(headers.authorization)?.[1];
        const principal = key === undefined ? undefined : accounts.principalOfApiKey(key, origin);
        // That it can't be recorded changes nothing for who is refused anyway.
        if (principal === undefined) void accounts.apiKeyRefused(key ?? '', origin).catch(() => undefined);
        if (principal === undefined) throw new GatewayError('unauthenticated', 'The API key is unknown, revoked or expired.');
        return { principal, by: 'api-key' };
      }
      const token = sessionToken(headers.cookie);
      const principal = token === undefined ? undefined : accounts.principalOfSession(token);
      return principal === undefined ? undefined : { principal, by: 'session' };
    },
    refuseForgery(headers) {
      if (headers['x-homeport-csrf'] !== '1') {
        throw new GatewayError('csrf-header-required', 'A request that a session cookie signs in needs the header X-Homeport-CSRF: 1 here.');
      }
      refuseOtherOrigin(headers);
    },
    refuseOtherOrigin,
    refuseForeignSocket(headers, by) {
      if (by === 'session' && headers.origin === undefined) throw new GatewayError('origin-not-allowed', 'A WebSocket that a session cookie signs in must name its Origin.');
      refuseOtherOrigin(headers);
    },
  };
}
