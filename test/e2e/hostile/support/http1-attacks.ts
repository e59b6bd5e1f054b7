/** What strangers may say in HTTP/1.1, once TLS is done. */
import { pick } from '../../../support/fleet/seed.ts';
import { type Attacks, bytesBy, type Door } from './attack.ts';
import { connectTls, type HostileConnection } from './hostile-connection.ts';

const KIB = 1024;

async function http1(door: Door, talk: (connection: HostileConnection) => Promise<void>): Promise<void> {
  const connection = await connectTls(door.port);
  await talk(connection);
  await connection.linger(50);
  connection.destroy();
}

export const HTTP1_ATTACKS: Attacks = {
  'HTTP/1.1 of a mebibyte, or of anything': (door, dice) =>
    http1(door, (connection) =>
      connection.send(
        pick(dice, [
          Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(KIB * KIB)}\r\n\r\n`),
          Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(20_000)}\r\n`),
          Buffer.from(`GET ${'/x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
          Buffer.from('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nffffffffffffffffff\r\n'),
          Buffer.from('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[[[[['),
          Buffer.from(`POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n${'['.repeat(100_000)}`),
          Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3000)),
          Buffer.from('GET /api/v1/environments/x/docker/exec/1/start HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n'),
          bytesBy(dice, 10 * KIB),
        ]),
      ),
    ),

  'HTTP/1.1 byte by byte': (door) => http1(door, (connection) => connection.trickle(Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n'), 1, 10)),
};
