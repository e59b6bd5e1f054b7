/** Homeport's REST interface and Docker proxy, spoken plainly: what any HTTP client may do. */
import { once } from 'node:events';
import { request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HomeportServer } from '../../../support/homeport.ts';

export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Rest {
  /** The path is whole. A body is sent as JSON. */
  call(method: string, path: string, options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }): Promise<RestAnswer>;
}

/** Bearer authorization where an API key is given. */
export function createRest(server: HomeportServer, apiKey?: string): Rest {
  return {
    async call(method, path, { body, headers = {} } = {}) {
      const content = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(`${server.url}${path}`, {
        method,
        ca: server.ca(),
        agent: false,
        headers: {
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
          ...headers,
        },
      });
      outgoing.end(content);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
    },
  };
}

/** What signing in by password brings: both are secrets. */
export interface SignedIn {
  /** The session cookie's value. */
  readonly sessionToken: string;
  readonly apiKey: string;
}

/** Signs in as the first admin and makes an API key. */
export async function signInByRest(server: HomeportServer): Promise<SignedIn> {
  const rest = createRest(server);
  const session = await rest.call('POST', '/api/v1/sessions', { body: server.admin });
  const cookie = session.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const headers = { cookie, origin: server.url, 'x-homeport-csrf': '1' };
  const key = await rest.call('POST', '/api/v1/api-keys', { headers, body: { name: 'end-to-end', role: 'admin' } });
  if (key.status !== 201) throw new Error(`making an API key failed: ${key.status} ${key.body}`);
  return { sessionToken: cookie.slice(cookie.indexOf('=') + 1), apiKey: (JSON.parse(key.body) as { secret: string }).secret };
}
