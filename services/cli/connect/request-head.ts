/** What becomes of a local request's head on its way to the server's Docker proxy. */
import type { IncomingMessage } from 'node:http';

/** Where requests go: one environment's Docker proxy, signed in. */
export interface DockerTarget {
  /** The proxy's path, such as /api/v1/environments/abc/docker. */
  readonly pathPrefix: string;
  /** The server's host and port. */
  readonly host: string;
  /** The headers that sign a request in. */
  readonly authorization: Readonly<Record<string, string>>;
  /** The Swarm node whose engine is meant, or undefined for the environment's own. */
  readonly node: string | undefined;
}

/** Headers that say something about the local connection, about who signs in there, or about us. */
const NOT_FORWARDED = /^(?:host|authorization|cookie|origin|keep-alive|proxy-connection|trailer|x-homeport-.*)$/i;

/** The request's path at the server. Absolute-form targets (`http://docker/info`) lose their origin. */
export function targetPath(request: IncomingMessage, target: DockerTarget): string {
  const path = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  return `${target.pathPrefix}${path.startsWith('/') ? path : `/${path}`}`;
}

/** The head's header lines as name, value, name, value: the client's own in their order, then ours. `drop` names more to leave out. */
export function targetHeaders(request: IncomingMessage, target: DockerTarget, drop: readonly string[] = []): string[] {
  const kept = pairs(request.rawHeaders).filter(([name]) => !NOT_FORWARDED.test(name) && !drop.includes(name.toLowerCase()));
  const ours = Object.entries(target.authorization);
  if (target.node !== undefined) ours.push(['x-homeport-node', target.node]);
  return ['host', target.host, ...kept.flat(), ...ours.flat()];
}

/** Header lines without those that say something about the server's connection alone. */
export function answerHeaders(response: IncomingMessage): string[] {
  return pairs(response.rawHeaders)
    .filter(([name]) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(name))
    .flat();
}

/** A head as text, for a connection that HTTP does not frame. */
export function headText(firstLine: string, headers: readonly string[]): string {
  const lines = pairs(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[firstLine, ...lines].join('\r\n')}\r\n\r\n`;
}

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) result.push([flat[index] ?? '', flat[index + 1] ?? '']);
  return result;
}
