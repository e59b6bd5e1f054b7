/** Joins a local connection that asks for an upgrade with one to the server, byte for byte, with half-close both ways. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Transport } from '../rest/transport.ts';
import { headText, targetHeaders, targetPath } from './request-head.ts';
import type { DockerTarget } from './request-head.ts';

const HEAD_END = '\r\n\r\n';
const LONGEST_HEAD = 64 * 1024;

export interface UpgradedConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent after the head: its body arrives unparsed, as does all that follows. */
  readonly head: Buffer;
  readonly transport: Transport;
  readonly target: DockerTarget;
  readonly signal: AbortSignal;
}

/** Resolves when both ends are closed. Never throws: a failure is an answer to the client. */
export async function joinUpgraded({ request, socket, head, transport, target, signal }: UpgradedConnection): Promise<void> {
  socket.on('error', () => socket.destroy());
  let upstream: Duplex;
  try {
    upstream = await transport.connect(signal);
  } catch (error) {
    socket.end(refusal(error instanceof Error ? error.message : String(error)));
    return;
  }
  const end = (): void => {
    socket.destroy();
    upstream.destroy();
  };
  upstream.on('error', end);
  socket.once('close', () => upstream.destroy());
  signal.addEventListener('abort', end, { once: true });
  if (socket.destroyed) return end();

  upstream.write(headText(request.method ?? 'POST', targetPath(request, target), targetHeaders(request, target)));
  upstream.write(head);
  socket.pipe(upstream);
  const answer = await readHead(upstream);
  if (answer === undefined) return end();
  socket.write(answer.isHandedOver ? answer.head : asLastAnswer(answer.head));
  socket.write(answer.rest);
  upstream.pipe(socket);
}

interface AnswerHead {
  readonly head: string;
  /** What came with the head. */
  readonly rest: Buffer;
  /** Whether the connection is the client's and the engine's from here on. */
  readonly isHandedOver: boolean;
}

/** Reads the final answer's head; undefined where the server ends before, or sends no HTTP. Interim answers (100) are dropped. */
async function readHead(upstream: Duplex): Promise<AnswerHead | undefined> {
  let received = Buffer.alloc(0);
  while (received.length <= LONGEST_HEAD) {
    const end = received.indexOf(HEAD_END);
    if (end >= 0) {
      const head = received.toString('latin1', 0, end + HEAD_END.length);
      received = received.subarray(end + HEAD_END.length);
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
      if (Number.isNaN(status)) return undefined;
      if (status !== 101 && status < 200) continue;
      return { head, rest: received, isHandedOver: status === 101 || isRawStream(head) };
    }
    const chunk = await nextChunk(upstream);
    if (chunk === undefined) return undefined;
    received = Buffer.concat([received, chunk]);
  }
  return undefined;
}

/** Some engines hand the connection over with a 200. */
function isRawStream(head: string): boolean {
  return /^HTTP\/1\.[01] 200/.test(head) && /^content-type: *application\/vnd\.docker\.(?:raw|multiplexed)-stream/im.test(head);
}

/** Any other answer ends the local connection: what the client sends next would not pass through our parser. */
function asLastAnswer(head: string): string {
  return head.replace(/\r\n(?:connection|keep-alive):[^\r\n]*/gi, '').replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n');
}

function nextChunk(stream: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (): void => {
      const chunk = stream.read() as Buffer | null;
      if (chunk === null && !stream.readableEnded && !stream.destroyed) return;
      stream.off('readable', settle).off('end', settle).off('close', settle);
      resolve(chunk ?? undefined);
    };
    stream.on('readable', settle).on('end', settle).on('close', settle);
    settle();
  });
}

function refusal(message: string): string {
  const body = `${JSON.stringify({ message: `homeport: ${message}` })}\n`;
  return `HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
