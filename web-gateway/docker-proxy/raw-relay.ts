/** Joins a client and an engine that speak raw bytes to each other: each side's end is passed on alone, each side's haste waits for the other. */
import type { Duplex } from 'node:stream';
import { linger } from '../problems/raw-problem.ts';

export interface RawRelayOptions {
  readonly client: Duplex;
  readonly engine: Duplex;
  /** After the engine ended its side: how long the client may say nothing, or the engine take nothing of it. */
  readonly lingerMs: number;
  readonly onBytes: (direction: 'sent' | 'received', chunk: Buffer) => void;
  /** The engine's side broke: tells the client so, at the end of what it has had. */
  readonly cutClient: (error: Error | undefined) => void;
  /** Both are ended or destroyed. @param error what broke the engine's side; undefined where it ended well. */
  readonly onEnd: (end: { readonly by: 'both' | 'client' | 'engine'; readonly error?: Error }) => void;
}

/**
 * ```
 *   client ends  → the engine's input ends, its output flows on (docker exec -i)
 *   engine ends  → the client's input ends, its output flows on, while it says something
 *   either breaks → the other is cut off, so that a cut stream never looks complete
 * ```
 */
export function relayRaw({ client, engine, lingerMs, onBytes, cutClient, onEnd }: RawRelayOptions): void {
  let lingering: NodeJS.Timeout | undefined;
  let sent = 0;
  let isOver = false;
  let engineError: Error | undefined;

  const over = (by: 'both' | 'client' | 'engine'): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(lingering);
    onEnd(by === 'engine' && engineError !== undefined ? { by, error: engineError } : { by });
  };

  client.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    onBytes('sent', chunk);
  });
  engine.on('data', (chunk: Buffer) => onBytes('received', chunk));
  client.pipe(engine);
  engine.pipe(client);

  engine.once('error', (error: Error) => {
    engineError = error;
  });
  client.on('error', () => undefined);
  // The engine has ended, and the client has all it said.
  client.once('finish', () => {
    if (isOver) return;
    let before = -1;
    lingering = setInterval(() => {
      const taken = sent - engine.writableLength;
      if (taken === before && !client.readableEnded) client.destroy();
      before = taken;
    }, lingerMs);
    lingering.unref();
  });
  engine.once('close', () => {
    if (!engine.readableEnded) {
      over('engine');
      cutClient(engineError);
      return;
    }
    // All its output is on the way. Input that it no longer takes must not cost the client the end of it: closing a
    // connection that has unread bytes resets it.
    const gone = (): void => {
      over('both');
      linger(client);
    };
    if (client.writableFinished) gone();
    else client.once('finish', gone);
  });
  client.once('close', () => {
    over(client.readableEnded && client.writableFinished ? 'both' : 'client');
    engine.destroy();
  });
}
