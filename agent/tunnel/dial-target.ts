/** The agent's allow-list of what a tunnel may lead to, by default its Docker socket alone. */
import net from 'node:net';
import type { Duplex } from 'node:stream';

/** Why a dial came to nothing, as docs/protocol.md lists it. */
export type DialFailureReason =
  | 'docker-socket-missing'
  | 'docker-socket-denied'
  | 'docker-socket-refused'
  | 'target-unreachable'
  | 'target-not-allowed'
  | 'dial-timeout';

export class DialFailure extends Error {
  override readonly name = 'DialFailure';
  readonly reason: DialFailureReason;

  constructor(reason: DialFailureReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Takes what a target sends without a new buffer for each piece. */
export interface TargetReader {
  /** The buffer for the next piece. */
  buffer(): Uint8Array;
  /** So many bytes of it came in. False where no more should come until the stream is resumed. */
  received(length: number): boolean;
}

/**
 * Connects to a target by its name in the allow-list; the empty name is the Docker socket. The stream has real half-close
 * (`allowHalfOpen`) and starts paused. What it sends goes to the reader, or, where a target knows no reader, out of the stream
 * as of any. Throws {@link DialFailure}.
 */
export type DialTarget = (target: string, signal: AbortSignal, reader: TargetReader) => Promise<Duplex>;

/** An allow-list of the Docker socket alone. */
export function dockerSocketTarget(socketPath: string): DialTarget {
  return (target, signal, reader) => {
    if (target !== '') {
      return Promise.reject(new DialFailure('target-not-allowed', `This agent has no target named ${JSON.stringify(target)}.`));
    }
    return connect(socketPath, signal, reader);
  };
}

function connect(path: string, signal: AbortSignal, reader: TargetReader): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const onread = { buffer: () => reader.buffer(), callback: (length: number) => reader.received(length) };
    const socket = net.connect({ path, allowHalfOpen: true, onread });
    socket.pause();
    const abort = (): void => void socket.destroy(new DialFailure('dial-timeout', `${path} did not answer in time.`));
    const onError = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      reject(error instanceof DialFailure ? error : failureOf(error, path));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

function failureOf(error: NodeJS.ErrnoException, path: string): DialFailure {
  switch (error.code) {
    case 'ENOENT':
      return new DialFailure('docker-socket-missing', `There is no Docker socket at ${path}: is Docker running, and the socket mounted?`, error);
    case 'EACCES':
    case 'EPERM':
      return new DialFailure('docker-socket-denied', `The agent may not use the Docker socket at ${path}.`, error);
    case 'ECONNREFUSED':
      return new DialFailure('docker-socket-refused', `Nothing answers on the Docker socket at ${path}: is Docker running?`, error);
    default:
      return new DialFailure('target-unreachable', `Could not connect to ${path}: ${error.message}`, error);
  }
}
