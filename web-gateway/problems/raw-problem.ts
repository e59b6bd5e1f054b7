/** Answers where there is no request to answer to: a connection that did not bring one, or not in time. */
import type { Duplex } from 'node:stream';
import { securityHeaders } from '../security/security-headers.ts';
import { problemDetails, problemOf } from './problem.ts';

/** How long the rest of what a refused client sends is thrown away, so that it can read the answer before the connection goes. */
const LINGER_MS = 1_000;

/** Writes the problem as an HTTP/1.1 response of its own and ends the connection. */
export function refuseConnection(socket: Duplex, error: Error): void {
  if (!socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error);
  const body = JSON.stringify(problemDetails(problem));
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...securityHeaders,
    ...problem.headers,
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${head.join('')}\r\n${body}`);
  linger(socket);
}

/** Reads on and forgets what comes, for a while, then destroys the connection. */
export function linger(socket: Duplex): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
