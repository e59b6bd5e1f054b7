/**
 * The sending half of a channel, the same on both ends: bytes, then an end, in that order always. One message is under way at
 * a time; what comes meanwhile is put together into the next, so bulk travels in large messages and a keystroke at once.
 */
import type { OutgoingChannelMessage } from './channel-codec.ts';
import { MAX_DATA_BYTES } from './tunnel-flow.ts';

export interface ChannelOutbox {
  /**
   * Queues bytes. False where the caller should wait for `onDrain` before it brings more: 256 KiB or more are waiting.
   * `release` is called when the chunk's memory may be used again.
   */
  data(chunk: Uint8Array, release: (() => void) | undefined): boolean;
  /** Ends the stream of bytes after all that was queued; calls back when that was handed to the network. */
  eof(sent: () => void): void;
  /** Says that it broke, after all that was queued, also after an eof. Calls back as eof. */
  reset(reason: string, sent: () => void): void;
  /** Drops everything: the call is gone. */
  close(): void;
}

/**
 * @param send hands one message to the call, and calls back when it has gone to the network
 * @param onDrain there is room again after `data` returned false
 * @param first goes before everything else
 */
export function createChannelOutbox(
  send: (message: OutgoingChannelMessage, sent: () => void) => void,
  onDrain: () => void,
  first?: OutgoingChannelMessage,
): ChannelOutbox {
  let chunks: Uint8Array[] = [];
  /** Of the chunks that wait, and of those under way. */
  let releases: (() => void)[] = [];
  let underWay: (() => void)[] = [];
  let queuedBytes = 0;
  let sending = false;
  let full = false;
  let ended = false;
  let closed = false;
  let end: { readonly message: OutgoingChannelMessage; readonly sent: () => void } | undefined;

  function takeData(): OutgoingChannelMessage {
    if (queuedBytes <= MAX_DATA_BYTES) {
      const message = { kind: 'data', chunks, length: queuedBytes } as const;
      underWay = releases;
      releases = [];
      chunks = [];
      queuedBytes = 0;
      return message;
    }
    const taken: Uint8Array[] = [];
    let room = MAX_DATA_BYTES;
    let whole = 0;
    for (const chunk of chunks) {
      if (chunk.length > room) {
        if (room > 0) taken.push(chunk.subarray(0, room));
        chunks[whole] = chunk.subarray(room);
        break;
      }
      taken.push(chunk);
      room -= chunk.length;
      whole += 1;
    }
    chunks = chunks.slice(whole);
    queuedBytes -= MAX_DATA_BYTES;
    return { kind: 'data', chunks: taken, length: MAX_DATA_BYTES };
  }

  function pump(): void {
    if (sending || closed) return;
    if (queuedBytes > 0) {
      sending = true;
      send(takeData(), onSent);
      if (full && queuedBytes < MAX_DATA_BYTES) {
        full = false;
        onDrain();
      }
    } else if (end !== undefined) {
      const { message, sent } = end;
      end = undefined;
      sending = true;
      send(message, () => {
        onSent();
        sent();
      });
    }
  }

  function onSent(): void {
    sending = false;
    for (const release of underWay) release();
    underWay = [];
    pump();
  }

  if (first !== undefined) {
    sending = true;
    send(first, onSent);
  }

  return {
    data(chunk, release) {
      if (closed || ended || chunk.length === 0) return true;
      chunks.push(chunk);
      if (release !== undefined) releases.push(release);
      queuedBytes += chunk.length;
      pump();
      full = queuedBytes >= MAX_DATA_BYTES;
      return !full;
    },
    eof(sent) {
      if (closed || ended) return;
      ended = true;
      end = { message: { kind: 'eof' }, sent };
      pump();
    },
    reset(reason, sent) {
      if (closed) return;
      ended = true;
      end = { message: { kind: 'reset', reason }, sent };
      pump();
    },
    close() {
      closed = true;
      chunks = [];
      queuedBytes = 0;
    },
  };
}
