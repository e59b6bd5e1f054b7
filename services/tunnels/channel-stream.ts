/** The control plane's end of a channel: a Node Duplex with real half-close over one Channel call. */
import { constants } from 'node:http2';
import { Duplex } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import type { IncomingChannelMessage, OutgoingChannelMessage } from '../../proto/channel-codec.ts';
import { createChannelOutbox, type ChannelOutbox } from '../../proto/channel-outbox.ts';
import type { Clock } from '../application/clock.ts';
import type { RawCall, RawCallEvents } from './grpc-server.ts';
import { TunnelError } from './port.ts';

/** A broken channel whose agent does not take the news within so long is cut off. */
const ABORT_AFTER_MS = 5_000;

export interface ChannelStreamOptions {
  readonly raw: RawCall;
  readonly clock: Clock;
  /** Bytes went by, either way. */
  readonly used: () => void;
  /** Received bytes lie here that nobody takes. */
  readonly unread: () => void;
  /** The call is over: nothing of it is left. */
  readonly closed: () => void;
}

/**
 * ```
 *           _final → eof sent ┐
 *   open ───┤                 ├─ both → status OK → closed
 *           eof received      ┘
 *   open ── _destroy → reset, then status OK (5 s, else RST_STREAM) → closed
 *   open ── reset received, stream or session gone → destroyed with a TunnelError → closed
 * ```
 * In order always: data, then eof or reset, then the status, so that none overtakes bytes on their way.
 */
export class ChannelStream extends Duplex {
  readonly #raw: RawCall;
  readonly #clock: Clock;
  readonly #used: () => void;
  readonly #unread: () => void;
  readonly #closed: () => void;
  readonly #outbox: ChannelOutbox;
  #writeDone: (() => void) | undefined;
  #readPending = false;
  #eofSent = false;
  #eofReceived = false;
  #finished = false;
  #gone = false;
  #heldSinceMs: number | undefined;

  constructor(options: ChannelStreamOptions) {
    super({ allowHalfOpen: true });
    this.#raw = options.raw;
    this.#clock = options.clock;
    this.#used = options.used;
    this.#unread = options.unread;
    this.#closed = options.closed;
    this.#outbox = createChannelOutbox(
      (message: OutgoingChannelMessage, sent) => options.raw.call.sendMessage(message, sent),
      () => this.#drained(),
    );
    // A channel may break before its user listens; pipelines and 'close' tell them all the same.
    this.on('error', () => undefined);
  }

  /** Since when received bytes have lain here untaken, in the clock's milliseconds; undefined where none do. */
  get heldSinceMs(): number | undefined {
    return this.#heldSinceMs;
  }

  /** Bytes received and not taken yet, the stream's pinned window included. */
  get heldBytes(): number {
    return this.readableLength + this.#raw.stream.readableLength;
  }

  /** Waits for the other end, with nothing left here that it sent. */
  get isWaiting(): boolean {
    return this.#readPending && this.#raw.stream.readableLength === 0;
  }

  /** What the Channel call brings. */
  readonly events: Pick<RawCallEvents<IncomingChannelMessage>, 'message' | 'halfClosed' | 'closed'> = {
    message: (message) => this.#received(message),
    halfClosed: () => {
      this.#readPending = false;
      if (!this.#eofReceived) this.#broken('channel-reset', 'The agent ended the channel without a word.');
    },
    closed: () => this.#callClosed(),
  };

  override _read(): void {
    this.#heldSinceMs = this.readableLength > 0 ? this.#clock.now() : undefined;
    this.#readNext();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
    this.#used();
    // As it came, and as it goes.
    countBufferGarbage(3 * chunk.length);
    if (this.#outbox.data(chunk)) callback();
    else this.#writeDone = callback;
  }

  override _final(callback: () => void): void {
    this.#outbox.eof(() => {
      this.#eofSent = true;
      callback();
      this.#finishIfDone();
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#heldSinceMs = undefined;
    if (!this.#finished && !this.#gone) this.#abort(error);
    callback(error);
  }

  #drained(): void {
    const done = this.#writeDone;
    this.#writeDone = undefined;
    done?.();
  }

  #readNext(): void {
    if (this.#readPending || this.#gone) return;
    this.#readPending = true;
    this.#raw.call.startRead();
  }

  #received(message: IncomingChannelMessage): void {
    this.#readPending = false;
    if (this.destroyed) {
      this.#readNext();
      return;
    }
    switch (message.kind) {
      case 'data':
        this.#used();
        // As pieces off the socket, and put together as a message.
        countBufferGarbage(2 * message.data.length);
        if (message.data.length === 0) {
          this.#readNext();
        } else {
          this.push(message.data);
          if (this.readableLength > 0 && this.#heldSinceMs === undefined) {
            this.#heldSinceMs = this.#clock.now();
            this.#unread();
          }
        }
        break;
      case 'eof':
        this.#eofReceived = true;
        this.push(null);
        this.#finishIfDone();
        this.#readNext();
        break;
      case 'reset':
        this.#broken('channel-reset', `The connection behind the tunnel broke: ${message.reason}.`, message.reason);
        break;
      case 'token':
      case 'unknown':
        this.#readNext();
        break;
    }
  }

  #broken(code: 'channel-reset' | 'tunnel-lost', message: string, reason?: string): void {
    if (!this.#finished) this.destroy(new TunnelError(code, message, reason));
  }

  #finishIfDone(): void {
    if (this.#eofSent && this.#eofReceived) this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#raw.call.sendStatus({ code: status.OK, details: '' });
  }

  /** Tells the agent, in order, that this end is gone, and sees to it that nothing stays. */
  #abort(error: Error | null): void {
    const reason = error instanceof TunnelError ? error.code : 'client-gone';
    this.#outbox.reset(reason, () => this.#finish());
    // What the agent still sends is thrown away, so that it is not held up on the way to the news.
    this.#readNext();
    const { stream } = this.#raw;
    stream.once('close', this.#clock.after(ABORT_AFTER_MS, () => stream.close(constants.NGHTTP2_CANCEL)));
  }

  #callClosed(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#outbox.close();
    const isTunnelGone = this.#raw.session.destroyed || this.#raw.session.closed;
    if (isTunnelGone) this.#broken('tunnel-lost', 'The tunnel was lost.');
    else this.#broken('channel-reset', 'The agent cut the channel off.');
    this.#closed();
  }

  // What Node's http client asks of a socket, and a channel has no use for.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
