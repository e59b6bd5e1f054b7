/** Buffers for what targets send: used again instead of a new one for each piece, and none held by channels that are quiet. */
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import type { TargetReader } from './dial-target.ts';

/** What one read takes at most. */
const BUFFER_BYTES = 64 * 1024;
/** A piece this large promises more: the channel reads into buffers of its own. Such pieces need no copy; smaller ones would hold many times their bytes. */
const BULK_BYTES = BUFFER_BYTES / 2;
/** Free buffers that are kept: 4 MiB. */
const KEPT_BUFFERS = 64;

const free: Uint8Array[] = [];
/** Where quiet channels read into, one after the other: what comes is small and copied out at once. */
let shared: Uint8Array | undefined;

/** Takes a piece, with the way to give its buffer back once its bytes have gone. False where no more should come for now. */
export type TakePiece = (piece: Uint8Array, release: (() => void) | undefined) => boolean;

export interface PooledReader extends TargetReader {
  /** Who takes the pieces. A target starts paused, so there is time to say. */
  handTo(taker: TakePiece): void;
}

export function createPooledReader(): PooledReader {
  let isBulk = false;
  let current: Uint8Array | undefined;
  let take: TakePiece = () => false;

  return {
    handTo(taker) {
      take = taker;
    },
    buffer() {
      shared ??= new Uint8Array(BUFFER_BYTES);
      current = isBulk ? (free.pop() ?? new Uint8Array(BUFFER_BYTES)) : shared;
      return current;
    },
    received(length) {
      const buffer = current;
      if (buffer === undefined) return true;
      isBulk = length >= BULK_BYTES;
      if (isBulk && buffer !== shared) return take(buffer.subarray(0, length), () => keep(buffer));
      const piece = buffer.slice(0, length);
      countBufferGarbage(length);
      if (buffer !== shared) keep(buffer);
      return take(piece, undefined);
    },
  };
}

function keep(buffer: Uint8Array): void {
  if (free.length < KEPT_BUFFERS) free.push(buffer);
  else countBufferGarbage(BUFFER_BYTES);
}
