/** Reads a proxied request's target: which environment, and the one path and query that are checked, recorded and sent. */
import { GatewayError } from '../problems/gateway-error.ts';

export interface DockerTarget {
  readonly environmentId: string;
  /** Canonical: begins with a slash, no empty, `.` or `..` segment, no encoded slash, and nothing encoded that need not be. */
  readonly path: string;
  /** As it came, without the question mark; empty where there is none. */
  readonly query: string;
}

const PREFIX = /^\/api\/v1\/environments\/([^/?]*)\/docker(?=[/?]|$)/;
const ID = /^[a-z0-9]{1,64}$/;
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
const QUERY_CHARACTERS = /^[\x21\x22\x24-\x7e]*$/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const LONGEST_PATH = 8 * 1024;

/** Whether a request-target belongs to the proxy, also where it is not valid. */
export function isDockerTarget(url: string): boolean {
  return PREFIX.test(url);
}

/** Throws {@link GatewayError} not-found or invalid-path. */
export function parseDockerTarget(url: string): DockerTarget {
  const prefix = PREFIX.exec(url);
  const environmentId = prefix?.[1];
  if (prefix === null || environmentId === undefined || !ID.test(environmentId)) throw new GatewayError('not-found', 'An environment’s id is made of a to z and 0 to 9.');
  const rest = url.slice(prefix[0].length);
  const queryAt = rest.indexOf('?');
  const query = queryAt === -1 ? '' : rest.slice(queryAt + 1);
  if (!QUERY_CHARACTERS.test(query)) throw new GatewayError('invalid-path', 'The query holds characters that must be percent-encoded.');
  return { environmentId, path: canonicalPath(queryAt === -1 ? rest : rest.slice(0, queryAt)), query };
}

/** What an engine might read in another way than we do is refused rather than mended. */
function canonicalPath(raw: string): string {
  const path = raw === '' ? '/' : raw;
  if (path.length > LONGEST_PATH) throw new GatewayError('invalid-path', `The path is longer than ${LONGEST_PATH} characters.`);
  if (!PATH_CHARACTERS.test(path) || /%(?![0-9A-Fa-f]{2})/.test(path)) {
    throw new GatewayError('invalid-path', 'The path holds characters that must be percent-encoded, or a broken percent-encoding.');
  }
  const canonical = path.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const byte = Number.parseInt(triplet.slice(1), 16);
    if (byte < 0x20 || byte === 0x7f) throw new GatewayError('invalid-path', 'The path holds a control character.');
    const character = String.fromCharCode(byte);
    if (character === '/' || character === '\\') throw new GatewayError('invalid-path', 'The path holds an encoded slash: write it as it is.');
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
  const segments = canonical.slice(1).split('/');
  const last = segments.length - 1;
  segments.forEach((segment, index) => {
    if (segment === '.' || segment === '..') throw new GatewayError('invalid-path', 'The path holds a dot segment.');
    if (segment === '' && index !== last) throw new GatewayError('invalid-path', 'The path holds a double slash.');
  });
  return canonical;
}
