/** Messages of a channel are read and written by hand, and are what the generated code makes of them. */
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { createChannelReader, decodeChannelMessage, writeChannelMessage } from '../../proto/channel-codec.ts';
import type { IncomingChannelMessage, OutgoingChannelMessage } from '../../proto/channel-codec.ts';
import { ChannelRequest, ChannelResponse } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { MAX_DATA_BYTES, MAX_MESSAGE_BYTES } from '../../proto/tunnel-flow.ts';

function written(...messages: readonly OutgoingChannelMessage[]): Buffer {
  const call = new PassThrough({ highWaterMark: 4 * MAX_MESSAGE_BYTES });
  for (const message of messages) writeChannelMessage(call, message, () => undefined);
  return (call.read() as Buffer | null) ?? Buffer.alloc(0);
}

function readIn(pieceLength: number, bytes: Buffer): IncomingChannelMessage[] {
  const messages: IncomingChannelMessage[] = [];
  const read = createChannelReader(
    (message) => messages.push(message.kind === 'data' ? { kind: 'data', data: Buffer.from(message.data) } : message),
    (length) => Buffer.alloc(length),
  );
  for (let at = 0; at < bytes.length; at += pieceLength) read(bytes.subarray(at, at + pieceLength));
  return messages;
}

const dataOf = (length: number): OutgoingChannelMessage => ({ kind: 'data', chunks: [Buffer.alloc(length, 'd')], length });

describe('messages of a channel', () => {
  it('are those of the generated code, in gRPC’s framing', () => {
    for (const length of [1, 127, 128, 4096, 4097, 16_384, MAX_DATA_BYTES]) {
      const bytes = written(dataOf(length));
      expect(bytes.readUInt8(0), 'compressed').to.equal(0);
      expect(bytes.readUInt32BE(1), 'length').to.equal(bytes.length - 5);
      for (const type of [ChannelRequest, ChannelResponse]) {
        const { message } = type.decode(bytes.subarray(5));
        expect(message?.$case).to.equal('data');
        expect(Buffer.from(message?.value as Uint8Array).equals(Buffer.alloc(length, 'd'))).to.equal(true);
      }
    }
  });

  it('are read as they were written, however the bytes are cut up', () => {
    const bytes = written({ kind: 'token', token: Buffer.alloc(16, 7) }, dataOf(1), dataOf(70_000), { kind: 'eof' }, { kind: 'reset', reason: 'econnreset' });
    for (const pieceLength of [1, 3, 5, 16_384, 70_010, bytes.length]) {
      expect(readIn(pieceLength, bytes), `pieces of ${pieceLength}`).to.deep.equal([
        { kind: 'token', token: new Uint8Array(16).fill(7) },
        { kind: 'data', data: Buffer.alloc(1, 'd') },
        { kind: 'data', data: Buffer.alloc(70_000, 'd') },
        { kind: 'eof' },
        { kind: 'reset', reason: 'econnreset' },
      ]);
    }
  });

  it('of a later version are unknown, not an error', () => {
    // Field 15, a length of 2, two bytes.
    expect(decodeChannelMessage(Buffer.from([0x7a, 2, 1, 1]))).to.deep.equal({ kind: 'unknown' });
  });

  it('that a hostile end makes up are refused: compressed, too long, or garbage', () => {
    const prefix = (flag: number, length: number): Buffer => {
      const bytes = Buffer.alloc(5);
      bytes.writeUInt8(flag, 0);
      bytes.writeUInt32BE(length, 1);
      return bytes;
    };
    expect(() => readIn(100, prefix(1, 10))).to.throw('compressed');
    expect(() => readIn(100, prefix(0, MAX_MESSAGE_BYTES + 1))).to.throw(/bytes/);
    expect(() => readIn(100, Buffer.concat([prefix(0, 3), Buffer.from([0xff, 0xff, 0xff])]))).to.throw();
  });
});
