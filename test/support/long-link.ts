/** A long and bad link, on an address of its own: every byte takes its time, the handshake of TCP included, and it may stall. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { RelayTarget } from './relays.ts';

export interface LongLink {
  readonly port: number;
  /** How many connections were accepted. */
  connections(): number;
  /** For so long from now nothing arrives at either end; nothing is lost. */
  stall(ms: number): void;
  /** Breaks every connection and stops listening. */
  close(): Promise<void>;
}

export interface LongLinkOptions {
  /** On 127.0.0.1 and a free port by default. */
  readonly host?: string;
  readonly port?: number;
  /** How long a byte is under way: half of the round trip. */
  readonly oneWayMs: number;
}

/** Starts it in front of a TCP port. */
export async function createLongLink(target: RelayTarget, { host = '127.0.0.1', port = 0, oneWayMs }: LongLinkOptions): Promise<LongLink> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  let accepted = 0;
  let stalledUntilMs = 0;

  /** Bytes and ends leave in order, each when it is due; before `fromMs` none can leave. */
  function carry(from: Socket, to: Socket, fromMs: number): void {
    const queue: { readonly dueMs: number; readonly act: () => void }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const deliver = (): void => {
      timer = undefined;
      for (let [first] = queue; first !== undefined && Math.max(first.dueMs, stalledUntilMs) <= performance.now(); [first] = queue) {
        queue.shift();
        first.act();
      }
      schedule();
    };
    const schedule = (): void => {
      const [first] = queue;
      if (first !== undefined) timer ??= setTimeout(deliver, Math.max(1, Math.max(first.dueMs, stalledUntilMs) - performance.now()));
    };
    const enqueue = (act: () => void): void => {
      queue.push({ dueMs: Math.max(performance.now(), fromMs) + oneWayMs, act });
      schedule();
    };
    from.on('data', (chunk: Buffer) => enqueue(() => void to.write(chunk)));
    from.on('end', () => enqueue(() => void to.end()));
    from.on('error', () => enqueue(() => void to.destroy()));
    to.once('close', () => clearTimeout(timer));
  }

  server.on('connection', (client: Socket) => {
    accepted += 1;
    const behind = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    const nowMs = performance.now();
    // A relay accepts at once; what stands behind a real link answers after a round trip.
    carry(client, behind, nowMs + 2 * oneWayMs);
    carry(behind, client, nowMs);
  });
  server.listen(port, host);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => accepted,
    stall(ms) {
      stalledUntilMs = Math.max(stalledUntilMs, performance.now() + ms);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
