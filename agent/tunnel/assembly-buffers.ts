/** Buffers in which messages that came in pieces are put together, used again once the target has taken them. */
import { MAX_MESSAGE_BYTES } from '../../proto/tunnel-flow.ts';

/** Smaller messages get memory of their own. */
const BULK_BYTES = 32 * 1024;
/** Free buffers that are kept: 4 MiB, for all channels together. */
const KEPT_BUFFERS = 16;

const free: ArrayBuffer[] = [];

export interface AssemblyBuffers {
  allocate(length: number): Uint8Array;
  /** How to give back the buffer of the message that was put together last, where these bytes are its; for once. */
  releaseOf(data: Uint8Array): (() => void) | undefined;
}

export function createAssemblyBuffers(): AssemblyBuffers {
  let last: ArrayBuffer | undefined;
  return {
    allocate(length) {
      if (length < BULK_BYTES) return Buffer.allocUnsafe(length);
      last = free.pop() ?? new ArrayBuffer(MAX_MESSAGE_BYTES);
      return new Uint8Array(last, 0, length);
    },
    releaseOf(data) {
      const buffer = last;
      if (buffer === undefined || data.buffer !== buffer) return undefined;
      last = undefined;
      return () => {
        if (free.length < KEPT_BUFFERS) free.push(buffer);
      };
    },
  };
}
