/** The sending half of a channel: order, the size of messages, and whose memory is held how long. */
import { expect } from 'chai';
import type { OutgoingChannelMessage } from '../../proto/channel-codec.ts';
import { createChannelOutbox } from '../../proto/channel-outbox.ts';
import { MAX_DATA_BYTES } from '../../proto/tunnel-flow.ts';

/** A call that takes one message when it is told to, and what it was given. */
function heldCall() {
  const sent: OutgoingChannelMessage[] = [];
  let underWay: (() => void) | undefined;
  let drains = 0;
  const outbox = createChannelOutbox(
    (message, done) => {
      expect(underWay, 'a message under way').to.equal(undefined);
      sent.push(message);
      underWay = done;
    },
    () => (drains += 1),
  );
  return {
    outbox,
    sent,
    drains: () => drains,
    lengths: () => sent.map((message) => (message.kind === 'data' ? message.length : message.kind)),
    /** The message under way has gone. False where none was. */
    takeOne(): boolean {
      const done = underWay;
      underWay = undefined;
      done?.();
      return done !== undefined;
    },
  };
}

describe('the outbox of a channel', () => {
  it('sends a keystroke at once, and what comes meanwhile as one message', () => {
    const { outbox, lengths, takeOne } = heldCall();
    for (const length of [1, 1000, 2000, 3000]) outbox.data(Buffer.alloc(length), undefined);
    expect(lengths()).to.deep.equal([1]);
    takeOne();
    expect(lengths()).to.deep.equal([1, 6000]);
  });

  it('brings every byte in order, in messages that are never too long, also where pieces are larger than a message', () => {
    const call = heldCall();
    const pieces = [1, 300_000, 5, 262_144, 700_001, 12].map((length, index) => Buffer.alloc(length, index + 1));
    for (const piece of pieces) call.outbox.data(piece, undefined);
    while (call.takeOne());
    const bytes = call.sent.flatMap((message) => (message.kind === 'data' ? message.chunks : []));
    expect(Buffer.concat(bytes).equals(Buffer.concat(pieces))).to.equal(true);
    for (const message of call.sent) {
      if (message.kind !== 'data') throw new Error('only data was queued');
      expect(message.length).to.be.within(1, MAX_DATA_BYTES);
      expect(message.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).to.equal(message.length);
    }
  });

  it('gives a piece’s memory back when its last byte has gone, however long more keeps coming', () => {
    const call = heldCall();
    const piece = 48_000;
    let given = 0;
    let taken = 0;
    let held = 0;
    const send = (): void => {
      given += piece;
      held += piece;
      call.outbox.data(new Uint8Array(piece), () => (held -= piece));
    };
    for (let turn = 0; turn < 200; turn += 1) {
      // More than one message waits, always.
      while (given - taken < 3 * MAX_DATA_BYTES) send();
      taken += Number(call.lengths().at(-1));
      call.takeOne();
      expect(held).to.be.below(given - taken + 2 * piece);
    }
    while (call.takeOne());
    expect(held).to.equal(0);
  });

  it('gives no memory back before the message that has its last byte is gone', () => {
    const { outbox, takeOne } = heldCall();
    let isHeld = true;
    outbox.data(Buffer.alloc(1), undefined);
    outbox.data(Buffer.alloc(MAX_DATA_BYTES + 1), () => (isHeld = false));
    takeOne();
    takeOne();
    expect(isHeld).to.equal(true);
    takeOne();
    expect(isHeld).to.equal(false);
  });

  it('asks its source to wait while a message’s worth is waiting, and says when it may go on', () => {
    const { outbox, takeOne, drains } = heldCall();
    expect(outbox.data(Buffer.alloc(MAX_DATA_BYTES), undefined)).to.equal(true);
    expect(outbox.data(Buffer.alloc(MAX_DATA_BYTES), undefined)).to.equal(false);
    expect(drains()).to.equal(0);
    takeOne();
    expect(drains()).to.equal(1);
  });

  it('lets neither the end nor a reset overtake data, and sends no data after them', () => {
    for (const end of ['eof', 'reset'] as const) {
      const call = heldCall();
      let isSaid = false;
      call.outbox.data(Buffer.alloc(10), undefined);
      call.outbox.data(Buffer.alloc(20), undefined);
      if (end === 'eof') call.outbox.eof(() => (isSaid = true));
      else call.outbox.reset('econnreset', () => (isSaid = true));
      call.outbox.data(Buffer.alloc(30), undefined);
      while (call.takeOne());
      expect(call.lengths()).to.deep.equal([10, 20, end]);
      expect(isSaid).to.equal(true);
    }
  });

  it('calls nobody any more once it is closed, whatever becomes of the message under way', () => {
    const { outbox, sent, drains, takeOne } = heldCall();
    const called: string[] = [];
    outbox.data(Buffer.alloc(10), undefined);
    outbox.data(Buffer.alloc(2 * MAX_DATA_BYTES), undefined);
    outbox.eof(() => called.push('eof'));
    outbox.close();
    outbox.reset('late', () => called.push('reset'));
    while (takeOne());
    expect([sent.length, drains(), called]).to.deep.equal([1, 0, []]);
  });

  it('calls nobody either where it is closed while its last message is under way', () => {
    const { outbox, takeOne } = heldCall();
    const called: string[] = [];
    outbox.eof(() => called.push('eof'));
    outbox.close();
    expect(takeOne()).to.equal(true);
    expect(called).to.deep.equal([]);
  });
});
