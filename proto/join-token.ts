/**
 * The join token (EDGE_KEY): all an agent needs to find the control plane and prove where it belongs. It is the base64,
 * without padding, of `API URL|tunnel address|tunnel fingerprint|<id>.<join secret>`; the join secret's 32 bytes stand in it
 * as base64url without padding.
 */
import { JOIN_SECRET_BYTES } from './join-secret.ts';
import { parseFingerprint } from './fingerprint.ts';
import { parseHostPort } from './host-port.ts';
import type { HostPort } from './host-port.ts';

/** What a join token says. */
export interface JoinToken {
  /** Where to poll: an https URL of scheme, host and port alone, such as https://homeport.example:9443. */
  readonly apiUrl: string;
  /** host:port of the tunnel port. */
  readonly tunnelAddress: string;
  /** SHA-256 over the SPKI of the tunnel's certificate, base64. */
  readonly tunnelFingerprint: string;
  /** The environment's public id, [a-z0-9]+. */
  readonly environmentId: string;
  /** 32 bytes. Secret. */
  readonly joinSecret: Uint8Array;
}

/** The part of a join token that is wrong; `encoding` where not even its four parts can be told apart. */
export type JoinTokenPart = 'encoding' | 'api-url' | 'tunnel-address' | 'tunnel-fingerprint' | 'environment-id' | 'join-secret';

const FLAWS: Readonly<Record<JoinTokenPart, string>> = {
  encoding: 'it does not decode to its four parts',
  'api-url': 'its first part is not an https URL of host and port',
  'tunnel-address': 'its second part is not a host and port',
  'tunnel-fingerprint': 'its third part is not a SHA-256 fingerprint in base64',
  'environment-id': 'its fourth part does not begin with an environment id',
  'join-secret': 'its last part, the secret, is not whole',
};

/** Thrown for a token that can't be read. The message says what to do, and repeats nothing of the token. */
export class JoinTokenError extends Error {
  override readonly name = 'JoinTokenError';
  readonly code = 'malformed-token';
  readonly part: JoinTokenPart;

  constructor(part: JoinTokenPart) {
    super(`the join token (EDGE_KEY) is broken or cut off: ${FLAWS[part]}; copy it again, whole, from the environment`);
    this.part = part;
  }
}

/** Writes a join token. Throws {@link JoinTokenError} for parts that {@link parseJoinToken} would not read. */
export function encodeJoinToken(token: JoinToken): string {
  const secret = Buffer.from(token.joinSecret).toString('base64url');
  const text = `${token.apiUrl}|${token.tunnelAddress}|${token.tunnelFingerprint}|${token.environmentId}.${secret}`;
  const encoded = Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '');
  parseJoinToken(encoded);
  return encoded;
}

/** Reads a join token; blanks and line breaks from pasting don't matter. Throws {@link JoinTokenError}. */
export function parseJoinToken(text: string): JoinToken {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) throw new JoinTokenError('encoding');
  const parts = Buffer.from(compact, 'base64').toString('utf8').split('|');
  const [apiUrl, tunnelAddress, tunnelFingerprint, last] = parts;
  if (parts.length !== 4 || apiUrl === undefined || tunnelAddress === undefined || tunnelFingerprint === undefined || last === undefined) {
    throw new JoinTokenError('encoding');
  }
  if (!isApiUrl(apiUrl)) throw new JoinTokenError('api-url');
  if (parseHostPort(tunnelAddress) === undefined) throw new JoinTokenError('tunnel-address');
  if (parseFingerprint(tunnelFingerprint) === undefined) throw new JoinTokenError('tunnel-fingerprint');
  const [environmentId, secret] = splitOnce(last, '.');
  if (!/^[a-z0-9]{1,64}$/.test(environmentId)) throw new JoinTokenError('environment-id');
  return { apiUrl, tunnelAddress, tunnelFingerprint, environmentId, joinSecret: readSecret(secret) };
}

/** A token's four parts for people's eyes: the secret is masked. */
export function describeJoinToken(token: JoinToken): {
  readonly apiUrl: string;
  readonly tunnelAddress: string;
  readonly tunnelFingerprint: string;
  /** `<id>.********` */
  readonly environment: string;
} {
  const { apiUrl, tunnelAddress, tunnelFingerprint, environmentId } = token;
  return { apiUrl, tunnelAddress, tunnelFingerprint, environment: `${environmentId}.********` };
}

/** The host and port that a token's API URL names; 443 where it names no port. */
export function apiAddress(token: Pick<JoinToken, 'apiUrl'>): HostPort {
  const url = new URL(token.apiUrl);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 443 : Number(url.port) };
}

/** Whether a text is an https URL of scheme, host and port alone. */
export function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isBare = url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '';
  return url.protocol === 'https:' && url.hostname !== '' && isBare;
}

function readSecret(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== JOIN_SECRET_BYTES || bytes.toString('base64url') !== text) throw new JoinTokenError('join-secret');
  return bytes;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
