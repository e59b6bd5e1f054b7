/** HTTP to the provider: bounded in time and size, and by authorities of the operator's choice, which Node's own fetch can't be given. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { once } from 'node:events';

/** More than any discovery document, key set or token is. */
const MOST_BYTES = 1024 * 1024;

/** What openid-client hands over. */
export interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** @param caPem instead of this machine's authorities */
export function createProviderFetch(caPem: string | undefined): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method, headers, body, signal }) => {
    const content = contentOf(body);
    const outgoing = request(url, {
      method,
      agent: false,
      headers: { ...headers, ...(content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }) },
      ...(caPem === undefined ? {} : { ca: caPem }),
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.end(content);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const status = incoming.statusCode ?? 0;
    const bytes = await bodyOf(incoming);
    const fields = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] => [value ?? []].flat().map((one) => [name, one]));
    return new Response(status === 204 || status === 304 ? null : new Uint8Array(bytes), { status, headers: fields });
  };
}

/** What openid-client sends is text or a form. */
function contentOf(body: unknown): string | undefined {
  if (typeof body === 'string') return body;
  return body instanceof URLSearchParams ? body.toString() : undefined;
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the provider's answer has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
