/** What of a client's request header crosses the tunnel: all but what concerns this server and the client's browser. */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../problems/gateway-error.ts';
import { connectionOptions, HOP_BY_HOP, selectFields } from './header-fields.ts';

/** Credentials for this server, and where the client is and came from: none of an engine's business. */
const WITHHELD: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'cookie2',
  'forwarded',
  'via',
  'origin',
  'referer',
  'dnt',
  'upgrade-insecure-requests',
  'prefer',
  'homeport-after',
  'homeport-correlation-id',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);
const WITHHELD_PREFIXES = ['x-forwarded-', 'x-homeport-', 'x-original-', 'sec-', 'proxy-'];

/** How a request's body is delimited. */
export type BodyFraming = { readonly kind: 'none' } | { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

/** Throws {@link GatewayError} transfer-coding-not-supported for codings that we would not take off. */
export function bodyFraming({ headers }: IncomingMessage): BodyFraming {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new GatewayError('transfer-coding-not-supported', 'The only transfer coding supported is chunked.');
    return { kind: 'chunked' };
  }
  const length = headers['content-length'];
  return length === undefined ? { kind: 'none' } : { kind: 'length', bytes: Number(length) };
}

/** The fields to send to the engine, framing and connection included. @param upgrade the protocol to ask for, where the call may upgrade. */
export function engineRequestFields(
  req: IncomingMessage,
  { framing, upgrade, keepAlive, expectsContinue }: { readonly framing: BodyFraming; readonly upgrade?: string | undefined; readonly keepAlive: boolean; readonly expectsContinue: boolean },
): string[] {
  const fields = selectFields(req.rawHeaders, requestFieldFilter(req));
  fields.unshift('Host', 'docker');
  if (framing.kind === 'chunked') fields.push('Transfer-Encoding', 'chunked');
  else if (framing.kind === 'length') fields.push('Content-Length', String(framing.bytes));
  // Said also where the client did not: Node would send a body of chunks, which there is none of.
  else if (!['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(req.method ?? 'GET')) fields.push('Content-Length', '0');
  if (expectsContinue && framing.kind !== 'none') fields.push('Expect', '100-continue');
  if (upgrade === undefined) fields.push('Connection', keepAlive ? 'keep-alive' : 'close');
  else fields.push('Connection', 'Upgrade', 'Upgrade', upgrade);
  return fields;
}

/** For fields and trailers alike: says which may cross. */
export function requestFieldFilter(req: IncomingMessage): (name: string) => boolean {
  const declared = connectionOptions(req.headers.connection);
  return (name) =>
    !HOP_BY_HOP.has(name) && !declared.has(name) && !WITHHELD.has(name) && !WITHHELD_PREFIXES.some((prefix) => name.startsWith(prefix));
}
