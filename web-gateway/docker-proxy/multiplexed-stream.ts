/**
 * An engine's standard output and error in one stream, where there is no terminal: frames of a header (which stream, three
 * zero bytes, the length in four bytes, big-endian) and so many bytes. The stream itself has no end that could be told from a
 * cut; a frame of the system's own is how an error is said within it, and clients end with a failure by it.
 */
import type { IncomingMessage } from 'node:http';

const HEADER_BYTES = 8;
const SYSTEM_ERROR = 3;

export interface FrameWatch {
  /** Follows the engine's output, piece by piece. */
  take(chunk: Buffer): void;
  /**
   * A frame that tells the client why the stream ends here; undefined where it would be taken for output: in the middle of a
   * frame, and where what came is not frames.
   */
  errorFrame(message: string): Buffer | undefined;
}

/**
 * Whether raw bytes are frames: true, false, or undefined where only they themselves can tell. Engines say so from API 1.42
 * on; of older ones an exec's own request does.
 */
export function isMultiplexed({ headers }: IncomingMessage, exec: { readonly body: Buffer } | undefined): boolean | undefined {
  if (headers['content-type'] === 'application/vnd.docker.multiplexed-stream') return true;
  if (exec === undefined) return undefined;
  try {
    const asked: unknown = JSON.parse(exec.body.toString());
    return !(typeof asked === 'object' && asked !== null && 'Tty' in asked && asked.Tty === true);
  } catch {
    return false;
  }
}

/** @param expected what {@link isMultiplexed} says */
export function createFrameWatch(expected: boolean | undefined): FrameWatch {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let bodyLeft = 0;
  let isFramed = expected;

  return {
    take(chunk) {
      for (let at = 0; at < chunk.length && isFramed !== false; ) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, chunk.length - at);
          bodyLeft -= taken;
          at += taken;
          continue;
        }
        const taken = chunk.copy(header, headerBytes, at);
        headerBytes += taken;
        at += taken;
        if (headerBytes < HEADER_BYTES) return;
        headerBytes = 0;
        bodyLeft = header.readUInt32BE(4);
        isFramed = header.readUInt32BE(0) % 0x1_00_00_00 === 0 && header.readUInt8(0) <= SYSTEM_ERROR;
      }
    },
    errorFrame(message) {
      if (isFramed !== true || headerBytes > 0 || bodyLeft > 0) return undefined;
      const body = Buffer.from(message);
      const frame = Buffer.alloc(HEADER_BYTES + body.length);
      frame[0] = SYSTEM_ERROR;
      frame.writeUInt32BE(body.length, 4);
      body.copy(frame, HEADER_BYTES);
      return frame;
    },
  };
}
