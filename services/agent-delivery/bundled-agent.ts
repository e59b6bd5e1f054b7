/** The agent in one file: as the published package ships it, or bundled from a checkout's sources. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MOST_BYTES = 64 * 1024 * 1024;

/** Takes a fraction of a second in a checkout. Throws an Error that says why it can't be had. */
export async function bundledAgent(): Promise<Buffer> {
  if (!import.meta.url.endsWith('.ts')) return readFile(new URL('../../agent.mjs', import.meta.url));
  const bundler = fileURLToPath(new URL('../../scripts/bundle-agent.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [bundler], { encoding: 'buffer', maxBuffer: MOST_BYTES });
  return stdout;
}
