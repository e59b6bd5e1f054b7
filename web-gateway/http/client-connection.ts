/** One client's HTTP/1.1 connection: what Node's server leaves undone where it does not listen itself. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../gateway-limits.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { refuseConnection } from '../problems/raw-problem.ts';

/** Whose connection it is. */
export interface ConnectionPeer {
  /** As the listener knows it. */
  readonly address: string;
  /** Ends the connection so that its peer can't take it for a proper end, where the listener knows how. */
  readonly reset?: () => void;
  /** The gateway's own, on behalf of another connection: it is taken as long as that one lives. */
  readonly isOurs?: boolean;
  /** Is told why a stream breaks off that has begun, before it does. */
  readonly onCut?: (reason: unknown) => void;
}

/**
 * ```
 *            header in time                response sent
 *   waiting ───────────────▶ in flight ─────────────────▶ waiting (idle, then the deadline again)
 *      │ deadline: 408           │ an engine's raw stream
 *      ▼                         ▼
 *   closed ◀──────────────────  raw
 * ```
 *
 * An http.Server that is only fed connections enforces no headersTimeout, hence the deadline here. A client that
 * half-closes while a plain request is in flight has usually gone, which a silent response would never find out.
 */
export class ClientConnection {
  readonly socket: Duplex & { readonly bytesWritten?: number };
  readonly #limits: GatewayLimits;
  readonly #peer: Pick<ConnectionPeer, 'reset' | 'onCut'>;
  #inFlight = 0;
  #raw = false;
  #closing = false;
  #deadline: NodeJS.Timeout | undefined;
  #halfClosed: NodeJS.Timeout | undefined;
  #latest: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, limits: GatewayLimits, peer: Pick<ConnectionPeer, 'reset' | 'onCut'>) {
    this.#peer = peer;
    this.socket = socket;
    this.#limits = limits;
    this.#expectHeader(limits.headerDeadlineMs);
    socket.once('end', () => this.#watchHalfClosed());
    socket.once('close', () => {
      clearTimeout(this.#deadline);
      clearInterval(this.#halfClosed);
    });
  }

  /** Requests whose response has not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** A request's header arrived. Resolves when every request before it on this connection has ended. */
  begin(response: ServerResponse): Promise<void> {
    const before = this.#latest;
    clearTimeout(this.#deadline);
    this.#inFlight += 1;
    this.#latest = new Promise((resolve) => {
      response.once('close', () => {
        this.#inFlight -= 1;
        if (this.#inFlight === 0 && !this.#raw) this.#idle();
        resolve();
      });
    });
    return before;
  }

  /** The connection carries an engine's raw bytes from now on: half-close has its own meaning there. */
  becomeRaw(): void {
    this.#raw = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#halfClosed);
  }

  /** Says why what has begun is about to break off, to whoever can hear it. */
  explainCut(reason: unknown): void {
    this.#peer.onCut?.(reason);
  }

  /** Breaks it off in the middle: what was sent must not look complete. */
  cut(): void {
    this.#peer.reset?.();
    this.socket.destroy();
  }

  /** Ends it as soon as nothing is in flight. */
  close(): void {
    this.#closing = true;
    if (this.#inFlight === 0 && !this.#raw) this.socket.destroy();
  }

  #idle(): void {
    if (this.#closing) this.socket.end(() => this.socket.destroy());
    else this.#expectHeader(this.#limits.keepAliveMs + this.#limits.headerDeadlineMs);
  }

  #expectHeader(withinMs: number): void {
    // A response that broke off closes after its socket: a deadline then would hold both, and the engine's answer, until it is over.
    if (this.socket.destroyed) return;
    this.#deadline = setTimeout(() => {
      refuseConnection(this.socket, new GatewayError('request-timeout', 'No complete request header arrived in time.'));
    }, withinMs);
    this.#deadline.unref();
  }

  #watchHalfClosed(): void {
    if (this.#raw || this.#inFlight === 0) return;
    let written = this.socket.bytesWritten;
    this.#halfClosed = setInterval(() => {
      if (this.socket.bytesWritten === written || written === undefined) this.socket.destroy();
      written = this.socket.bytesWritten;
    }, this.#limits.halfCloseGraceMs);
    this.#halfClosed.unref();
  }
}
