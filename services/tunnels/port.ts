/** What others see of the live tunnels: a dialer whose connections are Node Duplex streams. */
import type { Duplex } from 'node:stream';
import type { TunnelKey } from '../domain/tunnel-key.ts';

export type TunnelErrorCode =
  /** No live tunnel with that key (any more). */
  | 'tunnel-not-open'
  /** The tunnel ended while the channel was dialled or alive. */
  | 'tunnel-lost'
  /** The agent could not connect to the target; `reason` and the message say why. */
  | 'dial-failed'
  | 'dial-timeout'
  | 'too-many-channels'
  /** Held bytes that nobody read while the process was over its bound. */
  | 'channel-stalled'
  /** The other end reset the connection. */
  | 'channel-reset';

/** The only error a channel is destroyed with and the dialer throws. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly code: TunnelErrorCode;
  /** The agent's own reason code, where it gave one (such as docker-socket-missing). */
  readonly reason: string | undefined;

  constructor(code: TunnelErrorCode, message: string, reason?: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export interface TunnelDialer {
  /**
   * Opens a channel to the engine behind a live tunnel. The stream has real half-close (`allowHalfOpen`), backpressure
   * in bytes, and is destroyed with a {@link TunnelError} when the tunnel or the target breaks.
   * Throws {@link TunnelError} tunnel-not-open, dial-failed, dial-timeout (10 s), too-many-channels, tunnel-lost.
   */
  dial(key: TunnelKey, options?: { readonly signal?: AbortSignal }): Promise<Duplex>;
  /**
   * Says that the tunnel is in use (a call in flight, an exec session, a followed log) until released: it won't be closed
   * as idle meanwhile. Pooled connections that wait for their next request don't hold it.
   */
  hold(key: TunnelKey): { release(): void };
  /** When a live tunnel was last used, in milliseconds since 1970; undefined where none is live. */
  lastUsedAtMs(key: TunnelKey): number | undefined;
  /** A number that changes whenever another tunnel with that key becomes live; undefined where none is live. For one pool per tunnel. */
  generation(key: TunnelKey): number | undefined;
}
