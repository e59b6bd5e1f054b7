/** This package's version. */
import { existsSync, readFileSync } from 'node:fs';

/** Read from package.json, which is two folders up from the sources and three from the built files. */
export function version(): string {
  const sources = new URL('../../package.json', import.meta.url);
  const file = existsSync(sources) ? sources : new URL('../../../package.json', import.meta.url);
  const { version: text } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return text;
}
