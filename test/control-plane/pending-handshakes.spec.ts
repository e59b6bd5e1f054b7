/** Who keeps a place when more connections shake hands than there are places. */
import { Socket } from 'node:net';
import { expect } from 'chai';
import { createPendingHandshakes } from '../../services/control-plane/pending-handshakes.ts';

describe('pending handshakes', () => {
  it('let nobody in while those inside are still getting their fair share', () => {
    const pending = createPendingHandshakes({ max: 2, deadlineMs: 60_000, nowMs: () => 0 });
    const [first, second, third] = [new Socket(), new Socket(), new Socket()];
    expect([first, second, third].map((socket) => pending.admit(socket))).to.deep.equal([true, true, false]);
    expect([first, second, third].map((socket) => socket.destroyed)).to.deep.equal([false, false, true]);
    pending.destroyAll();
  });

  it('give the place of one that dawdles to the next that comes', () => {
    let nowMs = 0;
    const pending = createPendingHandshakes({ max: 2, deadlineMs: 60_000, nowMs: () => nowMs });
    const [dawdler, second, third] = [new Socket(), new Socket(), new Socket()];
    pending.admit(dawdler);
    pending.admit(second);
    nowMs = 2000;
    expect(pending.admit(third)).to.equal(true);
    expect([dawdler, second, third].map((socket) => socket.destroyed)).to.deep.equal([true, false, false]);
    pending.done(second);
    expect(pending.size).to.equal(1);
    pending.destroyAll();
    expect([second, third].map((socket) => socket.destroyed)).to.deep.equal([false, true]);
  });
});
