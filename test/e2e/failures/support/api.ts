/** The REST API as a script uses it: with an API key, on a connection of its own for each call, so that a new server process is no trouble. */
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { HomeportServer } from '../../../support/homeport.ts';

/** An event as auditors get it. */
export interface RecordedEvent {
  readonly id: string;
  readonly position: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An environment, as it was answered with 201. */
export interface CreatedEnvironment {
  readonly id: string;
  readonly name: string;
  readonly issuedEdgeId: string;
  readonly joinToken: string;
}

export interface Api {
  /** One call; the path is under /api/v1. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** One call, as soon as its header is there; whoever opens it destroys it. Rejects where the connection breaks before. */
  open(method: string, path: string, headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>;
  /** One call that asks for raw bytes (`Upgrade: tcp`), with a body in JSON; resolves with the connection once it is one. */
  upgrade(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Duplex>;
  createEnvironment(options: Readonly<Record<string, unknown>>): Promise<CreatedEnvironment>;
  /** All events that match, oldest first, such as `environment=…&type=…`. */
  events(query?: string): Promise<readonly RecordedEvent[]>;
}

/** Signs in as the first admin and makes an API key, which outlives the server's process. */
export async function createApi({ url, ca, admin, httpsPort, tunnelPort }: HomeportServer): Promise<Api> {
  const authority = ca();

  function send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<IncomingMessage> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(new URL(`/api/v1${path}`, url), {
        method,
        ca: authority,
        agent: false,
        headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) }) },
      });
      sent.once('error', reject).once('response', resolve).end(json);
    });
  }

  async function answerOf(message: IncomingMessage): Promise<Answer> {
    const body = await text(message);
    return { status: message.statusCode ?? 0, body: /json$/.test(message.headers['content-type']?.split(';')[0] ?? '') ? JSON.parse(body) : body };
  }

  const session = await send('POST', '/sessions', {}, admin);
  await answerOf(session);
  const cookie = (session.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
  const key = await answerOf(await send('POST', '/api-keys', { cookie, 'x-homeport-csrf': '1', origin: url }, { name: 'test', role: 'admin' }));
  const authorization = `Bearer ${(key.body as { readonly secret: string }).secret}`;

  const call: Api['call'] = async (method, path, body) => answerOf(await send(method, path, { authorization }, body));
  return {
    call,
    open: (method, path, headers) => send(method, path, { ...headers, authorization }),
    upgrade: (path, body, more) =>
      new Promise((resolve, reject) => {
        const json = JSON.stringify(body);
        const headers = { ...more, authorization, connection: 'Upgrade', upgrade: 'tcp', 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) };
        const sent = request(new URL(`/api/v1${path}`, url), { method: 'POST', ca: authority, agent: false, headers });
        sent.once('error', reject).once('response', ({ statusCode }) => reject(new Error(`it was answered with ${statusCode}`)));
        sent.once('upgrade', (_answer, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        sent.end(json);
      }),
    async createEnvironment(options) {
      const addresses = { address: `localhost:${httpsPort}`, tunnelAddress: `localhost:${tunnelPort}`, allowLoopback: true };
      const { status, body } = await call('POST', '/environments', { ...addresses, ...options });
      if (status !== 201) throw new Error(`no environment was created: ${status} ${JSON.stringify(body)}`);
      return body as CreatedEnvironment;
    },
    async events(query = '') {
      const answer = await send('GET', `/events?${query}`, { authorization, accept: 'application/x-ndjson' });
      return eventsIn(await text(answer));
    },
  };
}

/** What of a stream of JSON lines is whole. */
export function eventsIn(lines: string): readonly RecordedEvent[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RecordedEvent);
}

/** The events that a server shows, until it or its reader ends. */
export interface Tail {
  readonly seen: RecordedEvent[];
  close(): void;
}

/** Follows all events, or those after a position; resolves once it does. */
export async function followEvents(api: Api, after?: string): Promise<Tail> {
  const seen: RecordedEvent[] = [];
  const answer = await api.open('GET', `/events?follow=true${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`);
  let rest = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    rest += chunk;
    const end = rest.lastIndexOf('\n') + 1;
    seen.push(...eventsIn(rest.slice(0, end)));
    rest = rest.slice(end);
  });
  answer.on('error', () => undefined);
  return { seen, close: () => void answer.destroy() };
}

/** Reads an answer until `bytes` have come, and no further. Rejects where it ends before. */
export function readSome(answer: IncomingMessage, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let read = 0;
    const ended = (): void => reject(new Error(`it ended after ${read} bytes`));
    const take = (chunk: Buffer): void => {
      read += chunk.length;
      if (read < bytes) return;
      answer.off('data', take).off('close', ended).pause();
      resolve();
    };
    answer.on('error', () => undefined).on('close', ended).on('data', take);
  });
}
