/** What a WebSocket's client may say before anybody listens. */
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { createInbox } from '../../../web-gateway/websockets/inbox.ts';

describe('an inbox that nobody listens to yet', () => {
  it('keeps messages up to a bound, empty ones too, and reads no more until somebody does', () => {
    const socket = Object.assign(new EventEmitter(), {
      isPaused: false,
      pause: () => void (socket.isPaused = true),
      resume: () => void (socket.isPaused = false),
    });
    const inbox = createInbox(socket as unknown as WebSocket, () => undefined);
    let said = 0;
    while (!socket.isPaused && said < 10_000) {
      socket.emit('message', Buffer.alloc(0), true);
      said += 1;
    }
    expect(said).to.be.below(2_000);
    let heard = 0;
    inbox.listen(() => (heard += 1));
    expect([heard, socket.isPaused]).to.deep.equal([said, false]);
  });
});
