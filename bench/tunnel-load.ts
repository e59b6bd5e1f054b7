/** Both far ends of bench/tunnel: the target behind the agent, on a Unix socket, and the client before the control plane. */
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { serveParent } from './support/child.ts';

/** What the client asks of the target, by its first bytes: `d` or `u` or `e`, and a length. */
const HEADER_BYTES = 9;
const BLOCK = Buffer.alloc(256 * 1024, 'homeport ');

export type LoadQuestion =
  | { readonly do: 'transfer'; readonly direction: 'down' | 'up'; readonly port: number; readonly bytes: number }
  | { readonly do: 'echo'; readonly direction: 'down' | 'up'; readonly port: number; readonly seconds: number };
export type TransferAnswer = { readonly seconds: number };
export type EchoAnswer = { readonly roundTripsMs: readonly number[]; readonly bulkBytes: number };

const [socketPath = ''] = process.argv.slice(2);

function header(kind: 'd' | 'u' | 'e', bytes: number): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.write(kind);
  head.writeBigUInt64BE(BigInt(bytes), 1);
  return head;
}

/** Writes so many bytes, then ends; ends early where the socket breaks. */
function send(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes;
    const write = (): void => {
      while (left > 0) {
        const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
        left -= block.length;
        if (!socket.write(block)) {
          socket.once('drain', write);
          return;
        }
      }
      socket.end();
      resolve();
    };
    socket.once('close', () => resolve());
    write();
  });
}

function serveTarget(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', (first) => {
    const kind = String.fromCharCode(first[0] ?? 0);
    const bytes = Number(first.readBigUInt64BE(1));
    if (kind === 'd') {
      socket.resume();
      void send(socket, bytes);
    } else if (kind === 'u') {
      socket.resume();
      socket.on('end', () => socket.end('k'));
    } else {
      socket.on('data', (chunk) => socket.write(chunk));
      socket.on('end', () => socket.end());
    }
  });
}

/** A client's socket that reads into one buffer, so that it costs as little as it can. */
function connect(port: number, onBytes: (count: number) => void): Socket {
  const buffer = Buffer.alloc(256 * 1024);
  const onread = { buffer, callback: (count: number): boolean => (onBytes(count), true) };
  return net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true, onread });
}

async function transfer(direction: 'down' | 'up', port: number, bytes: number): Promise<TransferAnswer> {
  let received = 0;
  const startMs = performance.now();
  const socket = connect(port, (count) => (received += count));
  const ended = once(socket, 'end');
  socket.write(header(direction === 'down' ? 'd' : 'u', bytes));
  if (direction === 'up') await send(socket, bytes);
  await ended;
  const seconds = (performance.now() - startMs) / 1000;
  const expected = direction === 'down' ? bytes : 1;
  socket.destroy();
  if (received !== expected) throw new Error(`received ${received} bytes of ${expected}`);
  return { seconds };
}

async function echo(direction: 'down' | 'up', port: number, seconds: number): Promise<EchoAnswer> {
  let bulkBytes = 0;
  const bulk = connect(port, (count) => (bulkBytes += count));
  bulk.on('error', () => undefined);
  bulk.write(header(direction === 'down' ? 'd' : 'u', 2 ** 52));
  if (direction === 'up') void send(bulk, 2 ** 52);
  let answered: () => void = () => undefined;
  const keys = connect(port, () => answered());
  keys.write(header('e', 0));
  await delay(500);
  const before = direction === 'down' ? bulkBytes : bulk.bytesWritten;
  const roundTripsMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    const back = new Promise<void>((resolve) => (answered = resolve));
    keys.write('x');
    await back;
    roundTripsMs.push(performance.now() - startMs);
    await delay(5);
  }
  const after = direction === 'down' ? bulkBytes : bulk.bytesWritten;
  bulk.destroy();
  keys.destroy();
  return { roundTripsMs, bulkBytes: after - before };
}

net.createServer({ allowHalfOpen: true }, serveTarget).listen(socketPath, () => {
  serveParent({}, (message) => {
    const question = message as LoadQuestion;
    return question.do === 'transfer'
      ? transfer(question.direction, question.port, question.bytes)
      : echo(question.direction, question.port, question.seconds);
  });
});
