/** A WebSocket as a browser, or a tool, opens it. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { WebSocket } from 'ws';

/** What came over it: bytes, or a JSON message. */
export type Received = Buffer | Readonly<Record<string, unknown>>;

/** Where a server is, and what its certificate is checked with. */
export interface SocketServer {
  readonly port: number;
  readonly ca: string;
}

type Headers = Readonly<Record<string, string>>;

export interface SocketHabits {
  /** Whether pings are answered, as they are by default. */
  readonly autoPong?: boolean;
}

export interface TestSocket {
  readonly socket: WebSocket;
  /** All that came and was not asked for yet, first. */
  next(): Promise<Received>;
  /** The next JSON message of this type; what comes before it is passed over. */
  message(type: string): Promise<Readonly<Record<string, unknown>>>;
  /** The bytes that come until they are so many. */
  bytes(count: number): Promise<Buffer>;
  /** Reads bytes until their text matches. */
  text(pattern: RegExp): Promise<string>;
  say(message: object): void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

function connect({ port, ca }: SocketServer, target: string, headers: Headers, habits: SocketHabits = {}): WebSocket {
  return new WebSocket(`wss://localhost:${port}${target}`, { ca, perMessageDeflate: false, headers, ...habits });
}

/** Opens one. Rejects where it is refused. */
export async function connectSocket(server: SocketServer, target: string, headers: Headers, habits?: SocketHabits): Promise<TestSocket> {
  const socket = connect(server, target, headers, habits);
  const received: Received[] = [];
  let told: () => void = () => undefined;
  let last = '';
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) last = data.toString();
    received.push(isBinary ? data : (JSON.parse(data.toString()) as Record<string, unknown>));
    told();
  });
  const closed = once(socket, 'close').then(([code, reason]: unknown[]) => ({ code: Number(code), reason: String(reason) }));
  socket.on('close', () => told());
  await once(socket, 'open');
  socket.on('error', () => undefined);

  async function next(): Promise<Received> {
    for (;;) {
      const first = received.shift();
      if (first !== undefined) return first;
      if (socket.readyState === socket.CLOSED) throw new Error(`the socket is closed: ${JSON.stringify({ ...(await closed), last })}`);
      await new Promise<void>((resolve) => (told = resolve));
    }
  }

  return {
    socket,
    closed,
    next,
    say: (message) => socket.send(JSON.stringify(message)),
    async message(type) {
      for (;;) {
        const one = await next();
        if (!Buffer.isBuffer(one) && one['type'] === type) return one;
      }
    },
    async text(pattern) {
      let text = '';
      while (!pattern.test(text)) {
        const one = await next();
        if (Buffer.isBuffer(one)) text += one.toString();
      }
      return text;
    },
    async bytes(count) {
      const chunks: Buffer[] = [];
      for (let left = count; left > 0; ) {
        const one = await next();
        if (!Buffer.isBuffer(one)) throw new Error(`a message came amid bytes: ${JSON.stringify(one)}`);
        chunks.push(one);
        left -= one.length;
      }
      return Buffer.concat(chunks);
    },
  };
}

/** Asks for one that is refused: the answer that came instead. */
export async function askForSocket(server: SocketServer, target: string, headers: Headers): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> {
  const socket = connect(server, target, headers);
  socket.on('error', () => undefined);
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const text = (await buffer(answer)).toString();
  return { status: answer.statusCode ?? 0, json: JSON.parse(text) as Record<string, unknown> };
}
