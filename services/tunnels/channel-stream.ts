/** The control plane's end of a channel: a Node Duplex with real half-close over one Channel call. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import { writeChannelMessage, type IncomingChannelMessage } from '../../proto/channel-codec.ts';
import { createChannelOutbox, type ChannelOutbox } from '../../proto/channel-outbox.ts';
import { MAX_MESSAGE_BYTES } from '../../proto/tunnel-flow.ts';
import type { Clock } from '../application/clock.ts';
import { TunnelError } from './port.ts';
import type { TunnelTraffic } from './traffic.ts';

/** A broken channel whose agent does not take the news within so long is cut off. */
const ABORT_AFTER_MS = 5_000;

export interface ChannelStreamOptions {
  /** The call's, its response headers sent. */
  readonly stream: ServerHttp2Stream;
  readonly clock: Clock;
  /** Where its bytes are counted. */
  readonly traffic: Pick<TunnelTraffic, 'bytesSent' | 'bytesReceived'>;
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
  readonly #stream: ServerHttp2Stream;
  readonly #clock: Clock;
  readonly #traffic: ChannelStreamOptions['traffic'];
  readonly #used: () => void;
  readonly #unread: () => void;
  readonly #outbox: ChannelOutbox;
  #writeDone: (() => void) | undefined;
  #eofSent = false;
  #eofReceived = false;
  #finished = false;
  #gone = false;
  #heldSinceMs: number | undefined;
  #behindSinceMs: number | undefined;

  constructor(options: ChannelStreamOptions) {
    super({ allowHalfOpen: true });
    const { stream, clock, traffic, used, unread, closed } = options;
    this.#stream = stream;
    this.#clock = clock;
    this.#traffic = traffic;
    this.#used = used;
    this.#unread = unread;
    this.#outbox = createChannelOutbox(
      (message, sent) => writeChannelMessage(stream, message, sent),
      () => this.#drained(),
    );
    stream.once('end', () => {
      if (!this.#eofReceived) this.#broken('channel-reset', 'The agent ended the channel without a word.');
    });
    const { session } = stream;
    stream.once('close', () => {
      this.#callClosed(session === undefined || session.destroyed || session.closed);
      closed();
    });
    // A channel may break before its user listens; pipelines and 'close' tell them all the same.
    this.on('error', () => undefined);
  }

  /** Since when received bytes have lain here untaken, in the clock's milliseconds; undefined where none do. */
  get heldSinceMs(): number | undefined {
    return this.#heldSinceMs;
  }

  /** Since when received bytes have lain here without a break, though some may have been taken; undefined where none do. */
  get behindSinceMs(): number | undefined {
    return this.#behindSinceMs;
  }

  /** Memory of bytes received and not taken yet: here, in the stream's pinned window, and of a message half put together and one handed on. */
  get heldBytes(): number {
    return this.readableLength + this.#stream.readableLength + 2 * MAX_MESSAGE_BYTES;
  }

  /** Waits for the other end, with nothing left here that it sent. */
  get isWaiting(): boolean {
    return this.#heldSinceMs === undefined && this.#stream.readableLength === 0;
  }

  /** A message that came in on the call. */
  received(message: IncomingChannelMessage): void {
    if (this.destroyed) return;
    switch (message.kind) {
      case 'data':
        if (this.#eofReceived) this.#broken('channel-reset', 'The agent sent bytes after their end.');
        else this.#take(message.data);
        break;
      case 'eof':
        this.#eofReceived = true;
        this.push(null);
        // What may still come is a reset, or the end of the call.
        this.#stream.resume();
        this.#finishIfDone();
        break;
      case 'reset':
        this.#broken('channel-reset', `The connection behind the tunnel broke: ${message.reason}.`, message.reason);
        break;
      case 'token':
      case 'unknown':
        break;
    }
  }

  override _read(): void {
    this.#heldSinceMs = this.readableLength > 0 ? this.#clock.now() : undefined;
    if (this.isWaiting) this.#behindSinceMs = undefined;
    this.#stream.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
    this.#used();
    this.#traffic.bytesSent += chunk.length;
    countBufferGarbage(3 * chunk.length);
    if (this.#outbox.data(chunk, undefined)) callback();
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
    this.#behindSinceMs = undefined;
    if (!this.#finished && !this.#gone) this.#abort(error);
    callback(error);
  }

  #take(data: Uint8Array): void {
    this.#used();
    this.#traffic.bytesReceived += data.length;
    countBufferGarbage(data.length);
    if (data.length === 0 || this.push(data)) return;
    this.#stream.pause();
    if (this.readableLength === 0 || this.#heldSinceMs !== undefined) return;
    this.#heldSinceMs = this.#clock.now();
    this.#behindSinceMs ??= this.#heldSinceMs;
    this.#unread();
  }

  #drained(): void {
    const done = this.#writeDone;
    this.#writeDone = undefined;
    done?.();
  }

  #broken(code: 'channel-reset' | 'tunnel-lost', message: string, reason?: string): void {
    if (!this.#finished) this.destroy(new TunnelError(code, message, reason));
  }

  #finishIfDone(): void {
    if (this.#eofSent && this.#eofReceived) this.#finish();
  }

  /** Ends the call; the status goes with it. */
  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stream.end();
  }

  /** Tells the agent, in order, that this end is gone, and sees to it that nothing stays. */
  #abort(error: Error | null): void {
    const reason = error instanceof TunnelError ? error.code : 'client-gone';
    this.#outbox.reset(reason, () => this.#finish());
    // What the agent still sends is thrown away, so that it is not held up on the way to the news.
    this.#stream.resume();
    const stream = this.#stream;
    stream.once('close', this.#clock.after(ABORT_AFTER_MS, () => stream.close(constants.NGHTTP2_CANCEL)));
  }

  #callClosed(isTunnelGone: boolean): void {
    this.#gone = true;
    this.#outbox.close();
    if (isTunnelGone) this.#broken('tunnel-lost', 'The tunnel was lost.');
    else this.#broken('channel-reset', 'The agent cut the channel off.');
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
