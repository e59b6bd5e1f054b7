/** Where the server's WebSockets are. */

/** @param path from the root, whole @param query what is undefined is left out */
export function socketUrl(path: string, query: Readonly<Record<string, string | number | boolean | undefined>> = {}): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}
