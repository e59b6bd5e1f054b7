/**
 * An HTTP server that looks like a Docker engine and hands every request to the server's Docker proxy. Bodies stream both
 * ways with backpressure; upgraded connections (exec, attach, BuildKit's session) are joined byte for byte.
 */
import { createServer } from 'node:http';
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Transport } from '../rest/transport.ts';
import { answerHeaders, targetHeaders, targetPath } from './request-head.ts';
import type { DockerTarget } from './request-head.ts';
import { joinUpgraded } from './upgraded.ts';

export interface DockerForwarder {
  readonly server: Server;
  /** Ends every connection. */
  close(): Promise<void>;
}

export function createDockerForwarder(transport: Transport, target: DockerTarget): DockerForwarder {
  const upgraded = new Set<AbortController>();
  /** The end of the newest answer on a connection; answers end in the order of their requests. */
  const answersEnd = new WeakMap<Duplex, Promise<unknown>>();
  // A build's upload or a followed log may take hours; a large X-Registry-Config takes a large head.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0, maxHeaderSize: 64 * 1024 });
  server.on('request', (request, response) => forward(request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => forward(request, response, true));

  function forward(request: IncomingMessage, response: ServerResponse, asksToContinue = false, isRetry = false): void {
    if (cameFromBrowser(request)) return refuse(response, 403, 'requests from web pages are refused here');
    const method = request.method ?? 'GET';
    const headers = targetHeaders(request, target, ['connection', 'upgrade']);
    const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
    // Without either header Node would frame an empty body as chunked.
    if (!hasBody && !isBodiless(method)) headers.push('content-length', '0');
    // ClientRequest takes header lines as they are; its type only knows objects and string lists apart.
    const upstream = transport.request(targetPath(request, target), { method, headers });

    upstream.on('response', (answer) => relay(answer, response));
    upstream.on('error', (error) => {
      // The server closed a pooled connection just as it was taken up again.
      if (upstream.reusedSocket && !response.headersSent && isBodiless(method) && !hasBody && !isRetry) forward(request, response, asksToContinue, true);
      else refuse(response, 502, error.message);
    });
    answersEnd.set(
      request.socket,
      new Promise((resolve) => response.once('close', resolve)),
    );
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    if (asksToContinue) sendBodyOnceAsked(request, response, upstream);
    else if (hasBody) request.pipe(upstream);
    else upstream.end();
  }

  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const ended = new AbortController();
    upgraded.add(ended);
    socket.once('close', () => upgraded.delete(ended));
    if (cameFromBrowser(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    // A pipelined upgrade waits for its turn.
    void Promise.resolve(answersEnd.get(socket)).then(() => joinUpgraded({ request, socket, head, transport, target, signal: ended.signal }));
  });

  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const ended of upgraded) ended.abort();
      }),
  };
}

/** The client waits for `100 Continue` before it sends its body; the engine decides. */
function sendBodyOnceAsked(request: IncomingMessage, response: ServerResponse, upstream: ClientRequest): void {
  upstream.flushHeaders();
  upstream.once('continue', () => {
    response.writeContinue();
    request.pipe(upstream);
  });
  // An answer without 100 means that the body is not wanted; the client can't know where its next request would begin.
  upstream.prependOnceListener('response', () => {
    if (request.readableDidRead) return;
    response.shouldKeepAlive = false;
    upstream.end();
  });
}

function relay(answer: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return void answer.destroy();
  response.sendDate = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', answerHeaders(answer));
  // A followed log may stay silent for long after its head.
  response.flushHeaders();
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

/** In the form that the Docker CLI prints. Once an answer has begun, cutting it off is all that is left. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  const body = `${JSON.stringify({ message: `homeport: ${message}` })}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' });
  response.end(body);
}

/**
 * A page in a browser on this machine could reach a TCP port of ours; no Docker client sends these headers. A page whose
 * name was made to lead here (DNS rebinding) sends none of them, but names itself as the host.
 */
function cameFromBrowser({ headers, socket }: IncomingMessage): boolean {
  const isTcp = socket.remoteAddress !== undefined;
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined || (isTcp && !isNameOfOurs(headers.host));
}

/**
 * Narrower than what counts as loopback elsewhere (proto/host-port.ts): not every browser keeps names that end in `.localhost` from DNS, and one of
 * those may be an attacker's page.
 */
function isNameOfOurs(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}

function isBodiless(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'DELETE';
}
