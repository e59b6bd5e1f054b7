/**
 * What of an engine's response header reaches the client. An engine is not trusted and its answers come from our own
 * origin, where a header can do much: set or clear cookies, register workers and dictionaries, report and redirect
 * elsewhere, ask for passwords, have a reverse proxy in front of us send its own files. The list of those grows with
 * every browser, so what passes is listed here instead: what the Docker and Podman APIs use, and what describes content.
 */
import type { IncomingMessage } from 'node:http';
import { CORRELATION_HEADER } from '../correlation.ts';
import { engineContentHeaders } from '../security/security-headers.ts';
import { selectFields } from './header-fields.ts';

const PASSED: ReadonlySet<string> = new Set([
  'accept-ranges',
  'api-version',
  'builder-version',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'ostype',
  'retry-after',
  'server',
  'swarm',
  'warning',
  'x-reference-id',
]);
const PASSED_PREFIXES = ['docker-', 'x-docker-', 'libpod-', 'x-registry-'];

function passes(name: string): boolean {
  return PASSED.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** The fields to answer the client with, our own included; the framing is the caller's. */
export function clientResponseFields(answer: IncomingMessage, correlationId: string): string[] {
  const fields = selectFields(answer.rawHeaders, passes);
  for (const [name, value] of Object.entries(engineContentHeaders)) fields.push(name, value);
  fields.push(CORRELATION_HEADER, correlationId);
  return fields;
}

/** The trailers to answer the client with. */
export function clientTrailers(answer: IncomingMessage): string[] {
  return selectFields(answer.rawTrailers, passes);
}
