/** Connections that break in the midst of a write leave nothing behind. */
import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer, performServerHandshake, type Http2Session } from 'node:http2';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { resetSocket } from '../../proto/reset-socket.ts';
import { createSessionSockets, socketBeneath, type SessionSockets } from '../../proto/session-sockets.ts';
import { makeServerCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';

/** Node forgets about one write in eight or so. */
const BREAKS = 60;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The watch with its clock in hand, and what is there: a spec takes away what has closed. */
function startWatch(): { readonly watch: SessionSockets; readonly sessions: Set<Http2Session>; readonly sockets: Set<TLSSocket>; allGone(): Promise<unknown> } {
  const sessions = new Set<Http2Session>();
  const sockets = new Set<TLSSocket>();
  let look = (): void => undefined;
  const watch = createSessionSockets({
    every(_ms, callback) {
      look = callback;
      return () => undefined;
    },
  });
  const allGone = (): Promise<unknown> =>
    eventually('nothing to be left', () => {
      look();
      return sockets.size === 0 && sessions.size === 0 ? true : undefined;
    });
  return { watch, sessions, sockets, allGone };
}

describe('sockets of HTTP/2 sessions that broke in the midst of a write', () => {
  it('are all let go, and their sessions end', async () => {
    const { watch, sessions, sockets, allGone } = startWatch();
    const { cert, key, ca } = await makeServerCertificate();
    const secure = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('error', () => socket.destroy());
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const session = performServerHandshake(socket);
      sessions.add(session);
      session.once('close', () => sessions.delete(session)).on('error', () => undefined);
      session.on('stream', (stream) => {
        const fill = (): void => {
          while (!stream.destroyed && stream.write(Buffer.alloc(65_536)));
        };
        stream.on('error', () => undefined).on('drain', fill);
        stream.respond({ ':status': 200 });
        fill();
      });
      watch.add(session, socket);
    });
    const server = createServer((socket: Socket) => {
      socket.on('error', () => socket.destroy());
      // As the door of our ports does it.
      socket.once('readable', () => {
        socket.unshift(socket.read() as Buffer);
        secure.emit('connection', socket);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');

    for (let count = 0; count < BREAKS; count += 1) {
      const raw = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
      const relay = createServer((client) => {
        client.on('error', () => undefined).once('close', () => raw.destroy());
        client.pipe(raw).pipe(client);
      }).listen(0, '127.0.0.1');
      await once(relay, 'listening');
      const client = connectHttp2(`https://localhost:${String((relay.address() as AddressInfo).port)}`, { ca }).on('error', () => undefined);
      const answer = client.request({ ':path': '/' }).on('error', () => undefined).on('data', () => undefined);
      await once(answer, 'data');
      // At another moment of its writing each time.
      for (let turn = 0; turn <= count; turn += 1) await nextTurn();
      resetSocket(raw);
      client.destroy();
      relay.close();
    }

    // What pings do that nobody answers.
    for (const session of sessions) session.destroy();
    await allGone();
    watch.destroyAll();
    server.close();
    await once(server, 'close');
  });

  it('are let go at the client’s end, too', async () => {
    const { watch, sessions, sockets, allGone } = startWatch();
    const { cert, key, ca } = await makeServerCertificate();
    const server = createSecureServer({ cert, key }, (request, response) => {
      request.on('error', () => undefined).resume();
      response.writeHead(200);
    });
    server.on('session', (session) => session.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');

    for (let count = 0; count < BREAKS; count += 1) {
      const relay = createServer((client) => {
        const onward = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
        client.on('error', () => undefined).once('close', () => onward.destroy());
        client.pipe(onward).pipe(client);
        breaking = () => resetSocket(client);
      }).listen(0, '127.0.0.1');
      let breaking = (): unknown => undefined;
      await once(relay, 'listening');
      const raw = connect((relay.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
      await once(raw, 'connect');
      // As grpc-js makes it: TLS over a socket of its own.
      const socket = connectTls({ socket: raw, ca, servername: 'localhost', ALPNProtocols: ['h2'] }).on('error', () => undefined);
      await once(socket, 'secureConnect');
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const session = connectHttp2('https://localhost', { createConnection: () => socket });
      sessions.add(session);
      session.once('close', () => sessions.delete(session)).on('error', () => undefined);
      const call = session.request({ ':method': 'POST', ':path': '/' });
      watch.add(session, socketBeneath(session));
      const fill = (): void => {
        while (!call.destroyed && call.write(Buffer.alloc(65_536)));
      };
      call.on('error', () => undefined).on('drain', fill);
      await once(call, 'response');
      fill();
      for (let turn = 0; turn <= count; turn += 1) await nextTurn();
      breaking();
      relay.close();
    }

    await nextTurn();
    for (const session of sessions) session.destroy();
    await allGone();
    watch.destroyAll();
    server.close();
    await once(server, 'close');
  });
});
