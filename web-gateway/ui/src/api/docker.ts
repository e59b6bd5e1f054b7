/** Calls an environment's Docker API through its tunnel. */
import { answerText } from './answer-text.ts';
import { errorOf } from './api-error.ts';
import { CSRF, send } from './client.ts';
import { dockerUrl } from './docker-url.ts';

/** `GET` where no method is said; a body is sent as JSON. */
export interface DockerCall {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'HEAD';
  /** A Swarm node's engine; null is the environment's own. */
  readonly node?: string | null;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** What an engine says of why it refuses, in bytes; of more nothing is shown. */
const MOST_REASON_BYTES = 16 * 1024;

/** The answer as it comes; throws ApiError where the engine or the way to it refuses, and where the path cannot be asked for. */
export async function callDocker(environmentId: string, path: string, { method = 'GET', node = null, query = {}, body, signal }: DockerCall = {}): Promise<Response> {
  const url = dockerUrl(location.origin, environmentId, path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  const headers = { ...CSRF, ...(node === null ? {} : { 'x-homeport-node': node }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const response = await send(new Request(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal === undefined ? {} : { signal }) }));
  if (response.ok || response.status === 304) return response;
  const reason = await answerText(response, MOST_REASON_BYTES).catch(() => '');
  throw await errorOf(new Response(reason, response));
}

/** The answer's JSON; null where there is none. Throws ApiError, answer-too-large too. */
export async function askDocker<Answer>(environmentId: string, path: string, call: DockerCall = {}): Promise<Answer> {
  const response = await callDocker(environmentId, path, call);
  const text = await answerText(response);
  return (text === '' ? null : JSON.parse(text)) as Answer;
}
