/**
 * The messages of a Channel call, wire compatible with the generated code, but without its copies: bulk bytes are written once,
 * straight into the gRPC frame, and read as a view of it.
 */
import { ChannelRequest } from './generated/homeport/tunnel/v1/tunnel.ts';

/** What is sent: `data` may come in several chunks, which travel as one message. */
export type OutgoingChannelMessage =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'data'; readonly chunks: readonly Uint8Array[]; readonly length: number }
  | { readonly kind: 'eof' }
  | { readonly kind: 'reset'; readonly reason: string };

/** What is received: `data` is a view of the frame. `unknown` is a message of a later version. */
export type IncomingChannelMessage =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'eof' }
  | { readonly kind: 'reset'; readonly reason: string }
  | { readonly kind: 'unknown' };

/** Field 2 (data), length-delimited, in ChannelRequest and ChannelResponse alike. */
const DATA_TAG = 0x12;
const EOF_MESSAGE = { kind: 'eof' } as const;
const UNKNOWN_MESSAGE = { kind: 'unknown' } as const;

/**
 * Serializes a message for gRPC. A data message is no real Buffer: it has the length, and copies itself into the frame that
 * gRPC allocates, which is all that gRPC asks of it (a spec sends some through both ends of a real connection).
 */
export function encodeChannelMessage(message: OutgoingChannelMessage): Buffer {
  switch (message.kind) {
    case 'token':
      return Buffer.from(ChannelRequest.encode({ message: { $case: 'token', value: message.token } }).finish());
    case 'data':
      return new DataMessage(message.chunks, message.length) as unknown as Buffer;
    case 'eof':
      return Buffer.from(ChannelRequest.encode({ message: { $case: 'eof', value: {} } }).finish());
    case 'reset':
      return Buffer.from(ChannelRequest.encode({ message: { $case: 'reset', value: { reason: message.reason } } }).finish());
  }
}

/** Reads a message of either direction. Throws where the bytes are no message. */
export function decodeChannelMessage(bytes: Buffer): IncomingChannelMessage {
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

/** Where the bytes of a lone data field begin; undefined where there is more than that in the message. */
function dataStart(bytes: Buffer): number | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at += 1) {
    const byte = bytes[at] ?? 0;
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte < 0x80) return at + 1 + length === bytes.length ? at + 1 : undefined;
  }
  return undefined;
}

/** A data message that is written where it is needed, once. */
class DataMessage {
  readonly length: number;
  readonly #chunks: readonly Uint8Array[];
  readonly #dataLength: number;

  constructor(chunks: readonly Uint8Array[], dataLength: number) {
    this.#chunks = chunks;
    this.#dataLength = dataLength;
    this.length = 1 + varintLength(dataLength) + dataLength;
  }

  get byteLength(): number {
    return this.length;
  }

  copy(target: Uint8Array, targetStart = 0): number {
    let at = targetStart;
    target[at++] = DATA_TAG;
    let rest = this.#dataLength;
    for (; rest >= 0x80; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
    target[at++] = rest;
    for (const chunk of this.#chunks) {
      target.set(chunk, at);
      at += chunk.length;
    }
    return this.length;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length += 1;
  return length;
}
