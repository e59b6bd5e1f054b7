/** A process that relays TCP with a delay, one timer queue per direction, as a long link would: `node delay-relay.ts PORT DELAY_MS`. */
import net, { type Socket } from 'node:net';
import { serveParent } from './child.ts';

/** What may be on the link at once, per direction: 3 GB/s at 20 ms there and back. */
const LINK_BYTES = 64 * 1024 * 1024;

const [targetPort, delayText] = process.argv.slice(2).map(Number);
const delayMs = delayText ?? 0;

function carry(from: Socket, to: Socket): void {
  const queue: { readonly dueMs: number; readonly chunk: Buffer | null }[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function enqueue(chunk: Buffer | null): void {
    queue.push({ dueMs: performance.now() + delayMs, chunk });
    bytes += chunk?.length ?? 0;
    if (bytes >= LINK_BYTES) from.pause();
    timer ??= setTimeout(deliver, delayMs);
  }

  function deliver(): void {
    timer = undefined;
    const nowMs = performance.now();
    let first = queue[0];
    to.cork();
    for (; first !== undefined && first.dueMs <= nowMs && !to.writableNeedDrain; first = queue[0]) {
      queue.shift();
      if (first.chunk === null) {
        to.end();
      } else {
        bytes -= first.chunk.length;
        to.write(first.chunk);
      }
    }
    to.uncork();
    if (bytes < LINK_BYTES) from.resume();
    if (first === undefined) return;
    if (to.writableNeedDrain) to.once('drain', deliver);
    else timer = setTimeout(deliver, Math.max(0, first.dueMs - nowMs));
  }

  from.on('data', enqueue);
  from.on('end', () => enqueue(null));
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
  const outer = net.connect({ port: targetPort ?? 0, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  inner.on('error', () => outer.destroy());
  outer.on('error', () => inner.destroy());
  carry(inner, outer);
  carry(outer, inner);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  serveParent({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
