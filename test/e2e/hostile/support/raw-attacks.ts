/** What strangers may do before there is TLS. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pick } from '../../../support/fleet/seed.ts';
import { type Attacks, bytesBy, type Door } from './attack.ts';
import { connectRaw, type HostileConnection } from './hostile-connection.ts';

const KIB = 1024;

/** What a real client says first, by TLS. */
async function clientHello(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', ALPNProtocols: ['h2'] });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

async function raw(door: Door, talk: (connection: HostileConnection) => Promise<void>): Promise<void> {
  const connection = await connectRaw(door.port);
  await talk(connection);
  connection.destroy();
}

export const RAW_ATTACKS: Attacks = {
  'garbage': (door, dice) => raw(door, (connection) => connection.send(bytesBy(dice, 1 + dice(64 * KIB)))),

  'nothing, and then the end': (door) =>
    raw(door, (connection) => {
      connection.end();
      return connection.linger(50);
    }),

  'TLS records with anything in them': (door, dice) =>
    raw(door, async (connection) => {
      for (let records = 1 + dice(20); records > 0 && !connection.isOver; records -= 1) {
        const body = bytesBy(dice, dice(2 * KIB));
        await connection.send(Buffer.concat([Buffer.from([20 + dice(5), 3, dice(5), body.length >> 8, body.length & 255]), body]));
      }
    }),

  'a handshake with a few bits turned over': async (door, dice) => {
    const hello = await clientHello();
    for (let flips = 1 + dice(8); flips > 0; flips -= 1) {
      const at = dice(hello.length);
      hello[at] = (hello[at] ?? 0) ^ (1 << dice(8));
    }
    await raw(door, async (connection) => {
      await connection.send(hello);
      await connection.linger(50);
    });
  },

  'a handshake that stops': async (door, dice) => {
    const hello = await clientHello();
    await raw(door, async (connection) => {
      await connection.send(hello.subarray(0, 1 + dice(hello.length)));
      if (dice(2) === 0) connection.end();
      await connection.linger(dice(300));
    });
  },

  'a handshake byte by byte': async (door, dice) => {
    const hello = await clientHello();
    await raw(door, (connection) => connection.trickle(hello.subarray(0, 40 + dice(60)), 1, 10));
  },

  'PROXY headers, whole and broken': (door, dice) =>
    raw(door, async (connection) => {
      const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
      const length = dice(3) === 0 ? 65_535 : 12;
      const v2 = Buffer.concat([signature, Buffer.from([dice(2) === 0 ? 0x21 : dice(256), dice(256), length >> 8, length & 255]), bytesBy(dice, 12)]);
      await connection.send(dice(3) === 0 ? Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n') : v2);
      await connection.send(await clientHello());
      await connection.linger(50);
    }),

  'plain HTTP of every kind': (door, dice) =>
    raw(door, async (connection) => {
      const head = pick(dice, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', `CONNECT ${'x'.repeat(9000)} HTTP/1.1\r\n`, 'Z\r\n\r\n\r\n', '\x16GET / HTTP/1.1\r\n\r\n']);
      await connection.send(Buffer.from(head, 'latin1'));
      await connection.linger(50);
    }),
};
