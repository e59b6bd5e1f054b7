/**
 * The messages of a Channel call in gRPC's framing, wire compatible with the generated code and with any gRPC library, but
 * without their copies and promises for each message: bulk bytes go from a socket's buffer to HTTP/2 as they are, and back.
 */
import type { Writable } from 'node:stream';
import { ChannelRequest } from './generated/homeport/tunnel/v1/tunnel.ts';
import { MAX_MESSAGE_BYTES } from './tunnel-flow.ts';

/** What is sent: `data` may come in several chunks, which travel as one message. */
export type OutgoingChannelMessage =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'data'; readonly chunks: readonly Uint8Array[]; readonly length: number }
  | { readonly kind: 'eof' }
  | { readonly kind: 'reset'; readonly reason: string };

/** What is received. `unknown` is a message of a later version. */
export type IncomingChannelMessage =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'eof' }
  | { readonly kind: 'reset'; readonly reason: string }
  | { readonly kind: 'unknown' };

/** A flag (compressed or not) and a length before each message: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;
/** Field 2 (data), length-delimited, in ChannelRequest and ChannelResponse alike. */
const DATA_TAG = 0x12;
/** Below this one more copy is cheaper than one more piece to write. */
const SMALL_BYTES = 4 * 1024;
const EOF_MESSAGE = { kind: 'eof' } as const;
const UNKNOWN_MESSAGE = { kind: 'unknown' } as const;

/** Writes a message to a call's HTTP/2 stream, and calls back when it has gone to the network; never, where the stream broke. */
export function writeChannelMessage(stream: Writable, message: OutgoingChannelMessage, sent: () => void): void {
  const done = (error?: Error | null): void => {
    if (error === null || error === undefined) sent();
  };
  if (message.kind !== 'data') {
    stream.write(frame(ChannelRequest.encode({ message: toGenerated(message) }).finish()), done);
    return;
  }
  const { chunks, length } = message;
  const header = dataHeader(length);
  if (length <= SMALL_BYTES) {
    stream.write(Buffer.concat([header, ...chunks]), done);
    return;
  }
  stream.cork();
  stream.write(header);
  chunks.forEach((chunk, index) => stream.write(chunk, index === chunks.length - 1 ? done : undefined));
  stream.uncork();
}

/** Where the reader puts a message that came in several pieces: memory for so many bytes. */
export type Allocate = (length: number) => Uint8Array;

/**
 * Takes a call's bytes as they come and hands on message by message; data is a view, of the piece or of what `allocate` gave.
 * Throws where the bytes are no such messages, or one is compressed or too long.
 */
export function createChannelReader(receive: (message: IncomingChannelMessage) => void, allocate: Allocate): (piece: Buffer) => void {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  let prefixFill = 0;
  let body: Uint8Array | undefined;
  let bodyFill = 0;

  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      if (body === undefined) {
        const copied = piece.copy(prefix, prefixFill, at, at + PREFIX_BYTES - prefixFill);
        prefixFill += copied;
        at += copied;
        if (prefixFill < PREFIX_BYTES) return;
        prefixFill = 0;
        const length = messageLength(prefix);
        if (piece.length - at >= length) {
          receive(decodeChannelMessage(piece.subarray(at, at + length)));
          at += length;
        } else {
          body = allocate(length);
          bodyFill = 0;
        }
      } else {
        const taken = Math.min(piece.length - at, body.length - bodyFill);
        body.set(piece.subarray(at, at + taken), bodyFill);
        bodyFill += taken;
        at += taken;
        if (bodyFill < body.length) return;
        const whole = body;
        body = undefined;
        receive(decodeChannelMessage(whole));
      }
    }
  };
}

/** Reads a message of either direction, without its prefix. Throws where the bytes are none. */
export function decodeChannelMessage(bytes: Uint8Array): IncomingChannelMessage {
  if (bytes[0] === DATA_TAG) {
    const start = dataStart(bytes);
    if (start !== undefined) return { kind: 'data', data: bytes.subarray(start) };
  }
  const { message } = ChannelRequest.decode(bytes);
  switch (message?.$case) {
    case 'token':
      return { kind: 'token', token: message.value };
    case 'data':
      return { kind: 'data', data: message.value };
    case 'eof':
      return EOF_MESSAGE;
    case 'reset':
      return { kind: 'reset', reason: message.value.reason };
    case undefined:
      return UNKNOWN_MESSAGE;
  }
}

function toGenerated(message: Exclude<OutgoingChannelMessage, { kind: 'data' }>): ChannelRequest['message'] {
  switch (message.kind) {
    case 'token':
      return { $case: 'token', value: message.token };
    case 'eof':
      return { $case: 'eof', value: {} };
    case 'reset':
      return { $case: 'reset', value: { reason: message.reason } };
  }
}

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** All of a data message but its bytes. */
function dataHeader(length: number): Buffer {
  const varint: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) varint.push((rest & 0x7f) | 0x80);
  varint.push(rest);
  const header = Buffer.alloc(PREFIX_BYTES + 1 + varint.length);
  header.writeUInt32BE(1 + varint.length + length, 1);
  header[PREFIX_BYTES] = DATA_TAG;
  header.set(varint, PREFIX_BYTES + 1);
  return header;
}

function messageLength(prefix: Buffer): number {
  if (prefix[0] !== 0) throw new Error('A message of a channel is compressed.');
  const length = prefix.readUInt32BE(1);
  if (length > MAX_MESSAGE_BYTES) throw new Error(`A message of a channel has ${length} bytes.`);
  return length;
}

/** Where the bytes of a lone data field begin; undefined where there is more than that in the message. */
function dataStart(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at += 1) {
    const byte = bytes[at] ?? 0;
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte < 0x80) return at + 1 + length === bytes.length ? at + 1 : undefined;
  }
  return undefined;
}
