/** Homeport's REST interface as the command line uses it: JSON in and out, and streams of JSON lines. */
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { CliError } from '../cli-error.ts';
import { problemError } from './problem.ts';
import type { Transport } from './transport.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON; undefined where there was no content. */
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

export interface RestClient {
  readonly transport: Transport;
  /** The headers that sign a request in. */
  readonly authorization: Readonly<Record<string, string>>;
  /** The path is what follows /api/v1. Throws CliError for any answer but a 2xx, with the server's own code. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** The lines of an NDJSON answer, parsed. Ends by the server; throws when the signal aborts. */
  lines(path: string, options?: CallOptions & { readonly method?: 'GET' | 'POST' }): AsyncGenerator<unknown, void, undefined>;
  /** An NDJSON answer as its bytes come. Throws where it breaks off, and when the signal aborts. */
  bytes(path: string, options?: CallOptions): AsyncGenerator<Uint8Array, void, undefined>;
  close(): void;
}

export const API_PREFIX = '/api/v1';

export function createRestClient(transport: Transport, apiKey: string | undefined): RestClient {
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  const broken = (cause: unknown): CliError =>
    new CliError('server-unreachable', `the connection to ${transport.url.host} broke: check that the server runs, and try again`, { cause });

  async function send(method: string, path: string, accept: string, options: CallOptions): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request = transport.request(`${API_PREFIX}${path}${queryString(options.query)}`, {
      method,
      headers: {
        host: transport.url.host,
        accept,
        'user-agent': `homeport (${hostname()})`,
        ...authorization,
        ...options.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    request.end(body);
    const [response] = (await once(request, 'response').catch((error: unknown) => {
      if (error instanceof CliError || options.signal?.aborted === true) throw error;
      throw broken(error);
    })) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw problemError(status, await text(response), transport.url.host);
    return response;
  }

  return {
    transport,
    authorization,
    async call(method, path, options = {}) {
      const response = await send(method, path, 'application/json', options);
      const content = await text(response);
      return { status: response.statusCode ?? 0, headers: response.headers, body: content === '' ? undefined : parseJson(content, transport.url.host) };
    },
    async *lines(path, { method = 'GET', ...options } = {}) {
      const response = await send(method, path, 'application/x-ndjson', options);
      try {
        for await (const line of splitLines(response)) yield parseJson(line, transport.url.host);
      } catch (error) {
        if (error instanceof CliError || options.signal?.aborted === true) throw error;
        throw broken(error);
      } finally {
        response.destroy();
      }
    },
    async *bytes(path, options = {}) {
      const response = await send('GET', path, 'application/x-ndjson', options);
      try {
        for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
      } catch (error) {
        if (error instanceof CliError || options.signal?.aborted === true) throw error;
        throw broken(error);
      } finally {
        response.destroy();
      }
    },
    close: () => transport.close(),
  };
}

/** The lines that are not empty. */
async function* splitLines(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

function parseJson(content: string, host: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new CliError('not-homeport', `${host} did not answer as a Homeport server does: check the address`, { cause: error });
  }
}

function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
