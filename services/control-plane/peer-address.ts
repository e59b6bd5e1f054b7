/** The address of whoever is at the other end of a connection. */
import type { Socket } from 'node:net';

/** The peer's IP address, an IPv4 one in its own spelling also on a dual-stack socket; empty where the peer is gone. */
export function peerAddress(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
