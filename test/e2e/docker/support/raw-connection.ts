/** Bytes as they are, over TLS to the server: what no well-behaved client would send. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { HomeportServer } from '../../../support/homeport.ts';

/** The last request on a connection: its answer ends it. */
const LAST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
/** Where the last request isn't answered as such, after so long a silence we go. */
const LONGEST_SILENCE_MS = 5_000;

/** Sends it all at once, a last request behind it, and resolves with all that comes back until the end. */
export async function sendRaw(server: HomeportServer, bytes: string): Promise<string> {
  const socket = connect({ host: 'localhost', port: server.httpsPort, ca: server.ca(), ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.write(`${bytes}${LAST}`, 'latin1');
  socket.setTimeout(LONGEST_SILENCE_MS, () => socket.destroy());
  await once(socket, 'close');
  return received;
}
