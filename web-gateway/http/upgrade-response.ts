/** A response on a connection that an upgrade request took from Node's parser, written by a ServerResponse all the same until other bytes begin. */
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { linger } from '../problems/raw-problem.ts';
import type { ClientConnection } from './client-connection.ts';

/** What Node's upgrade event brings. */
export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the request's header. */
  readonly head: Buffer;
  readonly connection: ClientConnection;
}

export interface UpgradeResponse {
  readonly res: ServerResponse;
  /** Resolves when every earlier request of the connection has ended. */
  readonly turn: Promise<void>;
  /** Lets the response go: what is written from now on is written to the connection itself. */
  release(): void;
}

/** What is written by it ends the connection, unless it is released before. */
export function createUpgradeResponse({ req, socket, connection }: UpgradeRequest): UpgradeResponse {
  // Node's server listens to it no more.
  socket.on('error', () => undefined);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  const turn = connection.begin(res);
  connection.becomeRaw();
  // A Duplex will do, whatever its type says.
  (res.assignSocket as (socket: Duplex) => void).call(res, socket);
  socket.on('drain', () => {
    if (!res.writableEnded) res.emit('drain');
  });
  const endConnection = (): void => {
    socket.end();
    linger(socket);
  };
  res.once('finish', endConnection);
  return {
    res,
    turn,
    release() {
      res.removeListener('finish', endConnection);
      (res.detachSocket as (socket: Duplex) => void).call(res, socket);
    },
  };
}
