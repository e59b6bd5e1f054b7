/** Where the local Docker endpoint listens: a Unix socket of its owner alone, or a loopback port. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CliError, misuse } from '../cli-error.ts';

export interface LocalEndpoint {
  /** What DOCKER_HOST is to be. */
  readonly dockerHost: string;
  /** Removes what listening left in the file system. */
  remove(): void;
}

/** Where a TCP endpoint may listen. */
export interface LoopbackAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `--listen`: `[tcp://]HOST:PORT`, or a port alone. Throws a misuse for what is not loopback. */
export function parseListenAddress(text: string): LoopbackAddress {
  const match = /^(?:tcp:\/\/)?(?:(localhost|[\d.]+|\[[\da-f:]+\]):)?(\d{1,5})$/i.exec(text);
  const host = (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, '').replace(/^localhost$/i, '127.0.0.1');
  const port = Number(match?.[2]);
  if (match === null || port > 65_535 || isIP(host) === 0) throw misuse(`--listen ${text} is no address: give one such as 127.0.0.1:2375`);
  if (!/^127\.|^::1$/.test(host)) {
    throw misuse(`--listen ${text} is not on loopback: whoever reaches that port has the engine, so give one such as 127.0.0.1:2375`);
  }
  return { host, port };
}

/** Starts listening on a fresh Unix socket. Throws the system's errors. */
export async function listenOnSocket(server: Server): Promise<LocalEndpoint> {
  const runtime = process.env.XDG_RUNTIME_DIR ?? '';
  const folder = mkdtempSync(path.join(path.isAbsolute(runtime) && existsSync(runtime) ? runtime : tmpdir(), 'homeport-'));
  const socket = path.join(folder, 'docker.sock');
  server.listen(socket);
  await once(server, 'listening');
  // Its folder is 0700 already; this says so to whoever looks at the socket alone.
  chmodSync(socket, 0o600);
  return { dockerHost: `unix://${socket}`, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Starts listening on a Unix socket with that path, whose folder is its owner's alone, in the place of one that is there already. Whoever
 * serves that one is not told. Throws the system's errors.
 */
export async function listenOnSocketAt(server: Server, socket: string): Promise<LocalEndpoint> {
  const draft = `${socket}.${process.pid}`;
  server.listen(draft);
  await once(server, 'listening');
  chmodSync(draft, 0o600);
  renameSync(draft, socket);
  return { dockerHost: `unix://${socket}`, remove: () => rmSync(socket, { force: true }) };
}

/** Starts listening on a loopback port; 0 lets the system choose. Throws CliError `port-in-use`. */
export async function listenOnLoopback(server: Server, { host, port }: LoopbackAddress): Promise<LocalEndpoint> {
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken ? new CliError('port-in-use', `${host}:${port} is in use: give another to --listen, or 0 to let the system choose`, { cause: error }) : error;
  });
  const address = server.address() as AddressInfo;
  return { dockerHost: `tcp://${host.includes(':') ? `[${host}]` : host}:${address.port}`, remove: () => undefined };
}
