/** A name and a password, as clients of EventStoreDB and of HTTP send them. */
import type { Credentials } from './caller.ts';

/** Those of an `authorization` header; undefined where there are none, or others than Basic. */
export function basicCredentials(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]{1,4096})$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
