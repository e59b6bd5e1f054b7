/** What a WebSocket's client says, kept to a bound until somebody listens. */
import type { RawData, WebSocket } from 'ws';
import { GatewayError } from '../problems/gateway-error.ts';

export type Said = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'message'; readonly message: ClientMessage };

/** A control message: a JSON object with a type. */
export type ClientMessage = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Inbox {
  /** The next that is said, before anybody listens. Throws the signal's reason. */
  next(signal: AbortSignal): Promise<Said>;
  /** Listens from now on, what was kept first. */
  listen(listener: (said: Said) => void): void;
}

const MOST_KEPT_BYTES = 64 * 1024;
/** What keeping one costs beside its bytes: an empty one is not free. */
const MESSAGE_BYTES = 64;
const LONGEST_MESSAGE = 64 * 1024;

/** @param onNonsense what was said can't be read: {@link GatewayError} invalid-request */
export function createInbox(socket: WebSocket, onNonsense: (error: GatewayError) => void): Inbox {
  const kept: Said[] = [];
  let keptBytes = 0;
  let listener: ((said: Said) => void) | undefined;

  function say(said: Said, bytes: number): void {
    if (listener !== undefined) return listener(said);
    kept.push(said);
    keptBytes += MESSAGE_BYTES + bytes;
    if (keptBytes > MOST_KEPT_BYTES) socket.pause();
  }

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const bytes = bytesOf(data);
    if (isBinary) return say({ kind: 'bytes', bytes }, bytes.length);
    const message = messageOf(bytes);
    if (message === undefined) onNonsense(new GatewayError('invalid-request', 'A text message must be a JSON object with a type.'));
    else say({ kind: 'message', message }, bytes.length);
  });

  return {
    next(signal) {
      return new Promise((resolve, reject) => {
        const settle = (settled: () => void): void => {
          listener = undefined;
          signal.removeEventListener('abort', aborted);
          settled();
        };
        const aborted = (): void => settle(() => reject(signal.reason as Error));
        if (signal.aborted) return aborted();
        const first = kept.shift();
        if (first !== undefined) return resolve(first);
        signal.addEventListener('abort', aborted, { once: true });
        listener = (said) => settle(() => resolve(said));
      });
    },
    listen(listens) {
      listener = listens;
      for (const said of kept.splice(0)) listens(said);
      if (socket.isPaused) socket.resume();
    },
  };
}

function bytesOf(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function messageOf(bytes: Buffer): ClientMessage | undefined {
  if (bytes.length > LONGEST_MESSAGE) return undefined;
  try {
    const parsed: unknown = JSON.parse(bytes.toString());
    return typeof parsed === 'object' && parsed !== null && 'type' in parsed && typeof parsed.type === 'string' ? (parsed as ClientMessage) : undefined;
  } catch {
    return undefined;
  }
}
