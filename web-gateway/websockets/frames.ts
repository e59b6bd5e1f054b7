/** Takes an engine's output apart where there is no terminal: standard output and standard error, framed as multiplexed-stream.ts says. */

/** Which stream bytes are of; `system` is a word of the engine, or the proxy, itself. */
export type OutputStream = 'stdout' | 'stderr' | 'system';

export interface FrameReader {
  /** Tells of each piece, as large as it came. Throws where what comes is no frames. */
  take(chunk: Buffer, piece: (stream: OutputStream, bytes: Buffer) => void): void;
}

const HEADER_BYTES = 8;
const STREAMS: readonly (OutputStream | undefined)[] = ['stdout', 'stdout', 'stderr', 'system'];

export function createFrameReader(): FrameReader {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let bodyLeft = 0;
  let stream: OutputStream = 'stdout';

  return {
    take(chunk, piece) {
      for (let at = 0; at < chunk.length; ) {
        if (bodyLeft > 0) {
          const end = Math.min(chunk.length, at + bodyLeft);
          piece(stream, chunk.subarray(at, end));
          bodyLeft -= end - at;
          at = end;
          continue;
        }
        const taken = chunk.copy(header, headerBytes, at, at + HEADER_BYTES - headerBytes);
        headerBytes += taken;
        at += taken;
        if (headerBytes < HEADER_BYTES) return;
        headerBytes = 0;
        bodyLeft = header.readUInt32BE(4);
        const known = header.readUIntBE(1, 3) === 0 ? STREAMS[header.readUInt8(0)] : undefined;
        if (known === undefined) throw new Error('what came is no frame');
        stream = known;
      }
    },
  };
}
