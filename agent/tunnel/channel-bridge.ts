/** The agent's end of a channel: carries bytes between its target and one Channel call, with half-close both ways. */
import type { Duplex } from 'node:stream';
import { Metadata, status, type ChannelInterface } from '@grpc/grpc-js';
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import { decodeChannelMessage, encodeChannelMessage, type IncomingChannelMessage } from '../../proto/channel-codec.ts';
import { createChannelOutbox } from '../../proto/channel-outbox.ts';
import { TunnelServiceService } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import type { TunnelClock } from './clock.ts';

/** A broken channel whose news the control plane does not take within so long is cut off. */
const ABORT_AFTER_MS = 5_000;

export interface ChannelBridge {
  /** Waits for the control plane, with nothing left here that it sent. */
  readonly isWaiting: boolean;
  /** Since when received bytes have waited for the target to take them; undefined where none do. */
  readonly heldSinceMs: number | undefined;
  /** Bytes from the target; `release` when their memory may be used again. False where no more should come for now. */
  fromTarget(piece: Uint8Array, release: (() => void) | undefined): boolean;
  /** Breaks both ends off. */
  abort(reason: string): void;
}

/**
 * ```
 *           target ended → eof sent ┐
 *   open ───┤                       ├─ status OK → over
 *           eof received → target   ┘
 *   open ── target broke → reset sent, requests ended → status (5 s, else cancelled) → over
 *   open ── reset or another status received → target destroyed → over
 * ```
 * The control plane sends the status, once it has all: cancelling a call would overtake bytes on their way.
 * @param used bytes went by, either way
 * @param over nothing of the channel is left
 */
export function bridgeChannel(options: {
  readonly channel: ChannelInterface;
  readonly token: Uint8Array;
  readonly target: Duplex;
  readonly clock: TunnelClock;
  readonly used: () => void;
  readonly over: () => void;
}): ChannelBridge {
  const { channel, token, target, clock, used, over } = options;
  const call = channel.createCall(TunnelServiceService.channel.path, Infinity, null, null, null);
  let isReadPending = false;
  let heldSinceMs: number | undefined;
  let isEofReceived = false;
  let isBroken = false;
  let isOver = false;
  let stopAbort: (() => void) | undefined;

  function readNext(): void {
    if (isReadPending || isOver) return;
    isReadPending = true;
    heldSinceMs = undefined;
    call.startRead();
  }

  function received(message: IncomingChannelMessage): void {
    switch (message.kind) {
      case 'data':
        used();
        // As pieces off the socket, and put together as a message.
        countBufferGarbage(2 * message.data.length);
        if (!isBroken && !target.write(message.data)) {
          heldSinceMs = clock.now();
          return;
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
        call.halfClose();
        return;
      case 'token':
      case 'unknown':
        break;
    }
    readNext();
  }

  /** The target broke: says so after all that it brought. */
  function broken(reason: string): void {
    if (isBroken || isOver) return;
    isBroken = true;
    target.destroy();
    outbox.reset(reason, () => call.halfClose());
    readNext();
    stopAbort = clock.after(ABORT_AFTER_MS, () => call.cancelWithStatus(status.CANCELLED, reason));
  }

  function ended(): void {
    if (isOver) return;
    isOver = true;
    stopAbort?.();
    outbox.close();
    if (!isEofReceived || !target.readableEnded) target.destroy();
    over();
  }

  call.start(new Metadata(), {
    onReceiveMetadata: () => undefined,
    onReceiveMessage(message: Buffer) {
      isReadPending = false;
      let decoded: IncomingChannelMessage;
      try {
        decoded = decodeChannelMessage(message);
      } catch {
        call.cancelWithStatus(status.INTERNAL, 'unreadable message');
        return;
      }
      received(decoded);
    },
    onReceiveStatus: ended,
  });
  // One message at a time: to grpc-js a second before the call has begun would replace the first.
  const outbox = createChannelOutbox(
    (message, sent) => {
      if (message.kind === 'data') countBufferGarbage(3 * message.length);
      call.sendMessageWithContext({ callback: () => sent() }, encodeChannelMessage(message));
    },
    () => {
      if (!isBroken) target.resume();
    },
    { kind: 'token', token },
  );
  function fromTarget(piece: Uint8Array, release?: () => void): boolean {
    used();
    return outbox.data(piece, release);
  }

  // A target that knows no reader has its bytes in the stream.
  target.on('data', (chunk: Uint8Array) => {
    countBufferGarbage(chunk.length);
    if (!fromTarget(chunk)) target.pause();
  });
  target.on('end', () => outbox.eof(() => undefined));
  target.on('drain', readNext);
  target.on('error', (error: NodeJS.ErrnoException) => broken(error.code === undefined ? 'target-broke' : error.code.toLowerCase()));
  target.on('close', () => {
    if (!target.readableEnded || !target.writableFinished) broken('target-closed');
  });
  target.resume();
  readNext();

  return {
    fromTarget,
    get isWaiting() {
      return isReadPending;
    },
    get heldSinceMs() {
      return heldSinceMs;
    },
    abort(reason) {
      if (isOver) return;
      isBroken = true;
      call.cancelWithStatus(status.CANCELLED, reason);
      ended();
    },
  };
}
