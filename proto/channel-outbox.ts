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

interface Chunk {
  readonly bytes: Uint8Array;
  readonly release: (() => void) | undefined;
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
  let chunks: Chunk[] = [];
  /** What to call for the message under way. */
  let releases: (() => void)[] = [];
  let queuedBytes = 0;
  let sending = false;
  let full = false;
  let ended = false;
  let end: { readonly message: OutgoingChannelMessage; readonly sent: () => void } | undefined;
  /** Beside the releases, what to call for the message under way. */
  let afterIt: (() => void) | undefined;
  /** Who uses this; nobody, once it is closed: a connection that broke in the midst of a write may keep its callback for ever. */
  let user: { readonly send: typeof send; readonly onDrain: () => void } | undefined = { send, onDrain };

  function takeData(): OutgoingChannelMessage {
    const taken: Uint8Array[] = [];
    let room = MAX_DATA_BYTES;
    let whole = 0;
    for (const { bytes, release } of chunks) {
      if (bytes.length > room) {
        // What is left of it keeps its memory until that has gone too.
        if (room > 0) taken.push(bytes.subarray(0, room));
        chunks[whole] = { bytes: bytes.subarray(room), release };
        room = 0;
        break;
      }
      taken.push(bytes);
      if (release !== undefined) releases.push(release);
      room -= bytes.length;
      whole += 1;
    }
    chunks = whole === chunks.length ? [] : chunks.slice(whole);
    const length = MAX_DATA_BYTES - room;
    queuedBytes -= length;
    return { kind: 'data', chunks: taken, length };
  }

  function pump(): void {
    const to = user;
    if (sending || to === undefined) return;
    if (queuedBytes > 0) {
      sending = true;
      to.send(takeData(), onSent);
      if (full && queuedBytes < MAX_DATA_BYTES) {
        full = false;
        to.onDrain();
      }
    } else if (end !== undefined) {
      const { message, sent } = end;
      end = undefined;
      sending = true;
      afterIt = sent;
      to.send(message, onSent);
    }
  }

  function onSent(): void {
    sending = false;
    for (const release of releases) release();
    releases = [];
    const after = afterIt;
    afterIt = undefined;
    pump();
    after?.();
  }

  if (first !== undefined) {
    sending = true;
    send(first, onSent);
  }

  return {
    data(chunk, release) {
      if (user === undefined || ended || chunk.length === 0) return true;
      chunks.push({ bytes: chunk, release });
      queuedBytes += chunk.length;
      pump();
      full = queuedBytes >= MAX_DATA_BYTES;
      return !full;
    },
    eof(sent) {
      if (user === undefined || ended) return;
      ended = true;
      end = { message: { kind: 'eof' }, sent };
      pump();
    },
    reset(reason, sent) {
      if (user === undefined) return;
      ended = true;
      end = { message: { kind: 'reset', reason }, sent };
      pump();
    },
    close() {
      user = undefined;
      chunks = [];
      queuedBytes = 0;
      end = undefined;
      afterIt = undefined;
    },
  };
}
