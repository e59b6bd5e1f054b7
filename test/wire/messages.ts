/** gRPC's messages on an HTTP/2 stream: a flag, a length, and as many bytes. */
import type { Readable } from 'node:stream';

const PREFIX_BYTES = 5;

/** Field 1000, which no message has: text. As a later version might add it. */
export const UNKNOWN_FIELD: Uint8Array = Buffer.concat([Buffer.from([0xc2, 0x3e, 0x05]), Buffer.from('later')]);

/** A message as it goes over the wire. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export interface Messages {
  /** The nth message, from 1, once it is there. Throws where the stream ends before. */
  nth(count: number): Promise<Buffer>;
  /** Those that have come so far. */
  readonly all: readonly Buffer[];
  /** Is called with each further one. */
  onNext(listener: (message: Buffer) => void): void;
  /** Resolves once it is so; looked at after each message and at the end. Throws where the stream closes before. */
  until(isSo: () => boolean): Promise<void>;
  readonly ended: boolean;
}

/** Reads a stream's messages, all of them. */
export function createMessages(stream: Readable): Messages {
  const all: Buffer[] = [];
  const listeners: ((message: Buffer) => void)[] = [];
  let looks: (() => void)[] = [];
  let waiting: Buffer = Buffer.alloc(0);
  let isEnded = false;
  let isClosed = false;

  const look = (): void => {
    const due = looks;
    looks = [];
    for (const one of due) one();
  };
  stream.on('data', (piece: Buffer) => {
    waiting = Buffer.concat([waiting, piece]);
    while (waiting.length >= PREFIX_BYTES && waiting.length >= PREFIX_BYTES + waiting.readUInt32BE(1)) {
      const message = waiting.subarray(PREFIX_BYTES, PREFIX_BYTES + waiting.readUInt32BE(1));
      waiting = waiting.subarray(PREFIX_BYTES + message.length);
      all.push(message);
      for (const listener of listeners) listener(message);
    }
    look();
  });
  stream.once('end', () => {
    isEnded = true;
    look();
  });
  stream.once('close', () => {
    isClosed = true;
    look();
  });

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (isClosed) throw new Error('the stream closed before');
      await new Promise<void>((resolve) => looks.push(resolve));
    }
  }

  return {
    all,
    until,
    get ended() {
      return isEnded;
    },
    async nth(count) {
      await until(() => all.length >= count || isEnded);
      const message = all[count - 1];
      if (message === undefined) throw new Error(`the stream ended before message ${count}`);
      return message;
    },
    onNext: (listener) => void listeners.push(listener),
  };
}
