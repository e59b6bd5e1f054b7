/** A connection is broken off at whatever moment of its end. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { resetSocket } from '../../proto/reset-socket.ts';

describe('a connection that is reset', () => {
  const moments: readonly (readonly [string, (socket: Socket) => unknown])[] = [
    ['while it is open', () => undefined],
    ['as it is ended', (socket) => socket.end()],
    ['a turn after it was ended', (socket) => nextTurn(socket.end())],
    ['once it has ended', (socket) => once(socket.end(), 'finish')],
    ['with more to send than can be', (socket) => nextTurn(socket.end(Buffer.alloc(50_000_000)))],
  ];
  for (const [moment, reach] of moments) {
    it(`${moment} is gone at both ends, and nothing failed`, async () => {
      const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const errors: string[] = [];
      const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', ({ message }) => errors.push(message));
      const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as unknown as readonly [readonly [Socket]];
      const peerGone = new Promise((resolve) => peer.on('error', () => undefined).once('close', resolve).resume());

      await reach(socket);
      const gone = once(socket, 'close');
      resetSocket(socket);
      await gone;
      peer.end();
      await peerGone;
      server.close();
      await once(server, 'close');
      expect(errors).to.deep.equal([]);
    });
  }
});
