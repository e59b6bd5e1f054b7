/** Joins a local connection that asks for an upgrade with one to the server, byte for byte, with half-close both ways. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { resetSocket } from '../../../proto/reset-socket.ts';
import type { Transport } from '../rest/transport.ts';
import { answerHeaders, headText, targetHeaders, targetPath } from './request-head.ts';
import type { DockerTarget } from './request-head.ts';

export interface UpgradedConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent after the head: its body arrives unparsed, as does all that follows. */
  readonly head: Buffer;
  readonly transport: Transport;
  readonly target: DockerTarget;
  readonly signal: AbortSignal;
}

/** Joins them. Never throws: a failure is an answer to the client. */
export async function joinUpgraded({ request, socket, head, transport, target, signal }: UpgradedConnection): Promise<void> {
  let answered = false;
  socket.on('error', () => socket.destroy());
  try {
    const upstream = await transport.connect(signal);
    upstream.on('error', () => cut(socket));
    upstream.once('close', () => {
      // What breaks off at the server breaks off here; an answer that arrived whole is the client's, however slowly it reads.
      if (!upstream.readableEnded && !answered) cut(socket);
    });
    socket.once('close', () => upstream.destroy());
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    if (socket.destroyed) upstream.destroy();

    const outgoing = httpRequest({
      createConnection: () => upstream,
      method: request.method,
      path: targetPath(request, target),
      headers: targetHeaders(request, target),
    });
    outgoing.on('upgrade', (answer, _upstream, rest) => {
      socket.write(answerText(answer, answer.rawHeaders), 'latin1');
      socket.write(rest);
      upstream.pipe(socket);
    });
    outgoing.on('response', (answer) => {
      // No handover, so this is the last answer here: what the client sent next would not pass through a parser of ours.
      socket.write(answerText(answer, [...answerHeaders(answer), 'Connection', 'close']), 'latin1');
      answer.on('error', () => socket.destroy());
      answer.once('end', () => {
        answered = true;
        socket.unpipe(upstream).resume();
      });
      answer.pipe(socket);
    });
    outgoing.on('error', (error) => refuse(socket, error));
    outgoing.flushHeaders();
    await once(outgoing, 'socket');
    // From here on Node's request does no more than read the answer's head; the client's bytes pass it by.
    upstream.write(head);
    socket.pipe(upstream);
  } catch (error) {
    refuse(socket, error);
  }
}

/** What was cut off at the server must not look complete here. A Unix socket has no reset. */
function cut(socket: Duplex): void {
  if (socket instanceof Socket && socket.remoteAddress !== undefined) resetSocket(socket);
  else socket.destroy();
}

function answerText({ statusCode = 502, statusMessage = '' }: IncomingMessage, headers: readonly string[]): string {
  return headText(`HTTP/1.1 ${statusCode} ${statusMessage}`, headers);
}

/** In the form that the Docker CLI prints. */
function refuse(socket: Duplex, error: unknown): void {
  const body = `${JSON.stringify({ message: `homeport: ${error instanceof Error ? error.message : String(error)}` })}\n`;
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body)), 'Connection', 'close'];
  socket.end(`${headText('HTTP/1.1 502 Bad Gateway', headers)}${body}`);
}
