/** Homeport's release, which agent and control plane tell each other. */
import { existsSync, readFileSync } from 'node:fs';

/** Set by the bundler where the agent stands alone, without its package.json. */
declare const HOMEPORT_VERSION: string | undefined;

/** Such as 0.1.0: from package.json, one folder up from the sources and two from the built files. */
export function releaseVersion(): string {
  if (typeof HOMEPORT_VERSION === 'string') return HOMEPORT_VERSION;
  const sources = new URL('../package.json', import.meta.url);
  const file = existsSync(sources) ? sources : new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}
