/** HTTP/2 by hand (RFC 9113): what a library would refuse to send can be sent, and what comes back can be read. */

/** What a client says first. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Frame types, by their numbers. */
export const FRAME = { data: 0, headers: 1, priority: 2, rstStream: 3, settings: 4, pushPromise: 5, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
/** Flags; what one means depends on the type. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A frame; `length`, where given, lies about its payload's. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(), length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** SETTINGS, by their numbers. */
export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const pairs = Object.entries(values).map(([id, value]) => {
    const pair = Buffer.alloc(6);
    pair.writeUInt16BE(Number(id));
    pair.writeUInt32BE(value, 2);
    return pair;
  });
  return frame(FRAME.settings, 0, 0, Buffer.concat(pairs));
}

/** A header block (HPACK, RFC 7541) of literals that enter no table and are not compressed. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

/** The head of a gRPC call, as HEADERS on a stream. */
export function callHead(stream: number, path: string, more: readonly (readonly [string, string])[] = [], flags: number = FLAG.endHeaders): Buffer {
  const fields = [[':method', 'POST'], [':scheme', 'https'], [':path', path], [':authority', 'localhost'], ['content-type', 'application/grpc'], ['te', 'trailers'], ...more] as const;
  return frame(FRAME.headers, flags, stream, headerBlock(fields));
}

/** A number in four bytes, as WINDOW_UPDATE and RST_STREAM carry. */
export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A gRPC message with its prefix; `length`, where given, lies about it. */
export function grpcMessage(bytes: Uint8Array, { isCompressed = false, length = bytes.length }: { readonly isCompressed?: boolean; readonly length?: number } = {}): Buffer {
  return Buffer.concat([Buffer.from([isCompressed ? 1 : 0]), number(length), bytes]);
}

/** Takes bytes as they come and hands on each whole frame. */
export function createFrameReader(take: (frame: Frame) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      take({ type: rest.readUInt8(3), flags: rest.readUInt8(4), stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
  };
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
