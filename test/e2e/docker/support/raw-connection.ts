/** Bytes as they are, over TLS to the server: what no well-behaved client would send. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { HomeportServer } from '../../../support/homeport.ts';

/** Sends it all at once and resolves with all that comes back until the server, or `withinMs` of silence, ends it. */
export async function sendRaw(server: HomeportServer, bytes: string, silenceMs = 1_500): Promise<string> {
  const socket = connect({ host: 'localhost', port: server.httpsPort, ca: server.ca(), ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.write(bytes, 'latin1');
  socket.setTimeout(silenceMs, () => socket.destroy());
  await once(socket, 'close');
  return received;
}
