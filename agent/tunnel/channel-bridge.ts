/** The agent's end of a channel: carries bytes between its target and one Channel call, with half-close both ways. */
import { constants, type ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import { createChannelReader, writeChannelMessage, type IncomingChannelMessage } from '../../proto/channel-codec.ts';
import { createChannelOutbox } from '../../proto/channel-outbox.ts';
import { TunnelServiceService } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { createAssemblyBuffers } from './assembly-buffers.ts';
import type { TunnelClock } from './clock.ts';
import type { TakePiece } from './read-buffers.ts';

/** A broken channel whose news the control plane does not take within so long is cut off. */
const ABORT_AFTER_MS = 5_000;

const CALL_HEADERS = {
  ':method': 'POST',
  ':path': TunnelServiceService.channel.path,
  'content-type': 'application/grpc+proto',
  te: 'trailers',
} as const;

export interface ChannelBridge {
  /** Waits for the control plane, with nothing left here that it sent. */
  readonly isWaiting: boolean;
  /** Since when received bytes have waited for the target to take them; undefined where none do. */
  readonly heldSinceMs: number | undefined;
  /** Bytes that wait for the target, the stream's pinned window included. */
  readonly heldBytes: number;
  /** Bytes from the target; `release` when their memory may be used again. False where no more should come for now. */
  readonly fromTarget: TakePiece;
  /** Breaks both ends off. */
  abort(): void;
}

/**
 * ```
 *           target ended → eof sent ┐
 *   open ───┤                       ├─ status received → requests ended → over
 *           eof received → target   ┘
 *   open ── target broke → reset sent, requests ended → status (5 s, else RST_STREAM) → over
 *   open ── reset received → target destroyed, requests ended → status → over
 *   open ── stream or session gone, call refused → target destroyed → over
 * ```
 * The control plane sends the status, once it has all: cutting the stream off would overtake bytes on their way.
 * @param used bytes went by, either way
 * @param over nothing of the channel is left
 */
export function bridgeChannel(options: {
  readonly session: ClientHttp2Session;
  readonly token: Uint8Array;
  readonly target: Duplex;
  readonly clock: TunnelClock;
  readonly used: () => void;
  readonly over: () => void;
}): ChannelBridge {
  const { session, token, target, clock, used, over } = options;
  const stream = session.request(CALL_HEADERS, { endStream: false });
  let heldSinceMs: number | undefined;
  let isEofReceived = false;
  let isBroken = false;

  const outbox = createChannelOutbox(
    (message, sent) => writeChannelMessage(stream, message, sent),
    () => {
      if (!isBroken) target.resume();
    },
    { kind: 'token', token },
  );

  function received(message: IncomingChannelMessage): void {
    if (isBroken) return;
    switch (message.kind) {
      case 'data':
        used();
        // The pieces off the connection; they are put together in buffers used again.
        countBufferGarbage(message.data.length);
        if (!writeTarget(message.data)) {
          heldSinceMs ??= clock.now();
          stream.pause();
        }
        break;
      case 'eof':
        isEofReceived = true;
        target.end();
        break;
      case 'reset':
        isBroken = true;
        target.destroy();
        outbox.close();
        stream.end();
        break;
      case 'token':
      case 'unknown':
        break;
    }
  }

  function writeTarget(data: Uint8Array): boolean {
    const release = assembly.releaseOf(data);
    return release === undefined ? target.write(data) : target.write(data, release);
  }

  function flow(): void {
    heldSinceMs = undefined;
    stream.resume();
  }

  /** The target broke: says so after all that it brought. */
  function targetBroke(reason: string): void {
    if (isBroken || stream.destroyed) return;
    isBroken = true;
    target.destroy();
    outbox.reset(reason, () => stream.end());
    // What still comes is thrown away.
    flow();
    stream.once('close', clock.after(ABORT_AFTER_MS, () => stream.close(constants.NGHTTP2_CANCEL)));
  }

  function fromTarget(piece: Uint8Array, release: (() => void) | undefined): boolean {
    used();
    return outbox.data(piece, release);
  }

  const assembly = createAssemblyBuffers();
  const read = createChannelReader(received, assembly.allocate);
  stream.on('data', (piece: Buffer) => {
    try {
      read(piece);
    } catch {
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    }
  });
  // The status has come: the control plane has all it wants.
  stream.once('end', () => stream.end());
  // Each error comes with a 'close'.
  stream.on('error', () => undefined);
  stream.once('close', () => {
    outbox.close();
    // Where both ends have ended in order, the target may still be taking its last bytes.
    if (!isEofReceived || !target.readableEnded) target.destroy();
    isBroken = true;
    over();
  });

  // A target that knows no reader has its bytes in the stream.
  target.on('data', (chunk: Uint8Array) => {
    countBufferGarbage(chunk.length);
    if (!fromTarget(chunk, undefined)) target.pause();
  });
  target.on('end', () => outbox.eof(() => undefined));
  target.on('drain', flow);
  target.on('error', (error: NodeJS.ErrnoException) => targetBroke(error.code === undefined ? 'target-broke' : error.code.toLowerCase()));
  target.on('close', () => {
    if (!target.readableEnded || !target.writableFinished) targetBroke('target-closed');
  });
  // Not within this turn: who made the bridge may still have to say where its pieces go.
  queueMicrotask(() => target.resume());

  return {
    fromTarget,
    get isWaiting() {
      return heldSinceMs === undefined && stream.readableLength === 0;
    },
    get heldSinceMs() {
      return heldSinceMs;
    },
    get heldBytes() {
      return target.writableLength + stream.readableLength;
    },
    abort() {
      isBroken = true;
      target.destroy();
      stream.close(constants.NGHTTP2_CANCEL);
    },
  };
}
