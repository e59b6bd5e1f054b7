/** Header fields as Node gives and takes them raw: name, value, name, value. */

/** The fields that concern one connection only (RFC 9110 §7.6.1), and the framing, which each side does for itself. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The raw fields that `keep` says yes to (it is asked by lower-case name). */
export function selectFields(raw: readonly string[], keep: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    const value = raw[index + 1];
    if (name !== undefined && value !== undefined && keep(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** Names that the Connection field declares to be hop-by-hop, in lower case. */
export function connectionOptions(connection: string | undefined): ReadonlySet<string> {
  return new Set(connection?.split(',').map((option) => option.trim().toLowerCase()));
}

/** Raw fields as pairs, for addTrailers. */
export function fieldPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}
