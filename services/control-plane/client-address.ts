/** Whose connection it is: the peer's own, or that of the client that a trusted proxy names. */
import type { Socket } from 'node:net';
import { plainAddress } from '../application/peer-address.ts';
import { parseProxyHeader } from './proxy-header.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/**
 * Calls back with the client's IP address: at once, or, where the peer is a trusted proxy, once it has sent its PROXY header or
 * the first bytes of something else; what follows the header can then be read. A broken header, or an end before it, destroys the
 * socket. Nobody else's header is looked at. How long it may take is the caller's to bound.
 */
export function whenClientKnown(socket: Socket, isTrusted: IsTrustedProxy, known: (address: string) => void): void {
  const own = plainAddress(socket.remoteAddress ?? '');
  if (!isTrusted(own)) return known(own);
  let head = Buffer.alloc(0);
  const end = (): void => void socket.destroy();
  const fail = (): void => void socket.destroy();
  const look = (): void => {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    head = Buffer.concat([head, chunk]);
    const header = parseProxyHeader(head);
    if (header.kind === 'incomplete') return;
    socket.off('readable', look).off('end', end).off('error', fail);
    if (header.kind === 'malformed') return void socket.destroy();
    const rest = header.kind === 'whole' ? head.subarray(header.bytes) : head;
    if (rest.length > 0) socket.unshift(rest);
    known(header.kind === 'whole' ? plainAddress(header.address ?? own) : own);
  };
  socket.on('error', fail).on('end', end).on('readable', look);
}
