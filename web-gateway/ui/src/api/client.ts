/** Calls the REST interface, typed by the server's own description of it. */
import createClient from 'openapi-fetch';
import { sawServerTime } from '../time/server-clock.ts';
import { ApiError, errorOf } from './api-error.ts';
import type { paths } from './generated/openapi.d.ts';
import { withVisibleControlsIn } from './visible-controls.ts';

/** Changes need it where a cookie signs in: no page of another origin can send it. */
export const CSRF = { 'x-homeport-csrf': '1' } as const;

type Listener = () => void;
const whenSignedOut = new Set<Listener>();

/** Calls back when an answer says that the session is over. Returns how to stop. */
export function onSignedOut(listener: Listener): () => void {
  whenSignedOut.add(listener);
  return () => whenSignedOut.delete(listener);
}

/** As `fetch`, to this server; throws {@link ApiError} `unreachable` where no answer comes, and lets every answer through. */
export async function send(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError('unreachable', 0, 'The server cannot be reached. It is tried again by itself.');
  }
  sawServerTime(response.headers.get('date'));
  if (response.status === 401 && !request.url.endsWith('/api/v1/sessions')) for (const listener of whenSignedOut) listener();
  return response;
}

/** Paths are whole, as the description has them. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send, headers: CSRF, querySerializer: { array: { style: 'form', explode: true } } });

/** A call of `api`, under way. */
export type ApiCall<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>;

/** The body of an answer; throws {@link ApiError} where it failed. */
export async function answerOf<Body>(call: ApiCall<Body>): Promise<Body> {
  return (await taggedAnswerOf(call)).body;
}

/** The same with its tag (ETag), for If-Match; `*`, which every version matches, where it has none. */
export async function taggedAnswerOf<Body>(call: ApiCall<Body>): Promise<{ readonly body: Body; readonly tag: string }> {
  const { data, error, response } = await call;
  // What agents and engines said of themselves is in it: hosts, names, events.
  if (response.ok) return { body: withVisibleControlsIn(data as Body), tag: response.headers.get('etag') ?? '*' };
  // The body is read already, and stands in `error`.
  throw await errorOf(new Response(JSON.stringify(error ?? {}), { status: response.status, headers: response.headers }));
}
