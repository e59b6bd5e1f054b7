/** The client's side of one proxied call, whether its connection is still HTTP's or was detached by an upgrade request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientConnection } from '../http/client-connection.ts';
import { createUpgradeResponse, type UpgradeRequest } from '../http/upgrade-response.ts';
import { problemOf } from '../problems/problem.ts';

export interface ClientExchange {
  readonly req: IncomingMessage;
  /** Good until raw bytes begin. */
  readonly res: ServerResponse;
  readonly connection: ClientConnection;
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean;
  /** Resolves when every earlier request of the connection has ended. */
  readonly turn: Promise<void>;
  /**
   * Set where the client asked for an upgrade: the protocol, and what came after the header. Node's parser has let go of
   * the connection then, so the request's body arrives raw, followed by whatever the client says after it.
   */
  readonly upgrade: { readonly protocol: string; readonly socket: Duplex; readonly release: () => void } | undefined;
}

/** Ends a call whose client has gone; there is nobody to tell. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** The code a failure is recorded with. */
export function failureCode(error: unknown): string {
  return error instanceof ClientGone ? 'client-disconnected' : problemOf(error).code;
}

/** Makes an exchange of what Node's upgrade event brings. Its response is written by a ServerResponse all the same, until raw bytes begin. */
export function upgradeExchange(upgrade: UpgradeRequest, protocol: string): ClientExchange {
  const { req, socket, head, connection } = upgrade;
  if (head.length > 0) socket.unshift(head);
  const { res, turn, release } = createUpgradeResponse(upgrade);
  return { req, res, connection, expectsContinue: false, turn, upgrade: { protocol, socket, release } };
}

/** Lets the response go and gives the connection for raw bytes. */
export function releaseForRaw({ upgrade }: ClientExchange): Duplex | undefined {
  upgrade?.release();
  return upgrade?.socket;
}

/**
 * The connection's raw input, for a client that goes on with raw bytes after the engine's 200 without having asked for
 * an upgrade: takes the connection away from Node's parser, which has read the request to its end. Undefined where
 * that is not so, or where the client already sent another request.
 */
export function detachRawInput({ req, connection, upgrade }: ClientExchange): Duplex | undefined {
  if (upgrade !== undefined) return upgrade.socket;
  if (!req.complete || connection.inFlight > 1) return undefined;
  connection.becomeRaw();
  const { socket } = connection;
  for (const listener of socket.rawListeners('data')) socket.removeListener('data', listener as () => void);
  return socket;
}
