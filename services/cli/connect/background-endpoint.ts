/** A context's endpoint, served by a process of its own that outlives the command and its terminal, until the context is removed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync, watch } from 'node:fs';
import path from 'node:path';
import { CliError } from '../cli-error.ts';
import type { ConnectionFlags } from '../connection.ts';

/** What the process says when it serves. */
const SERVING = 'serving';

/** Starts `homeport context serve NAME` and resolves when it serves. Throws CliError `endpoint-failed` with its last words. */
export async function startBackgroundEndpoint(name: string, { logFile, flags }: { readonly logFile: string; readonly flags: ConnectionFlags }): Promise<void> {
  const [, program = ''] = process.argv;
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, program, 'context', 'serve', name], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...variablesOf(flags) },
    // Of no folder that somebody may want to remove.
    cwd: '/',
  });
  closeSync(log);
  const ended = once(child, 'exit').then(() => false);
  const isServing = await Promise.race([once(child, 'message').then(() => true), ended]);
  if (!isServing) {
    const words = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
    throw new CliError('endpoint-failed', `the endpoint did not start: ${words.replace(/^homeport: /, '')}`);
  }
  child.disconnect();
  child.unref();
}

/** In that process: whoever started it need not wait any more. */
export function saySoWhenServing(): void {
  process.send?.(SERVING, () => process.disconnect());
}

/** Aborts when the socket there is gone or is another's: the context was removed, or another endpoint took over. */
export function whenReplaced(socket: string): { readonly signal: AbortSignal; stop(): void } {
  const { ino } = statSync(socket);
  const replaced = new AbortController();
  const look = (): void => {
    const now = statSync(socket, { throwIfNoEntry: false });
    if (now?.ino !== ino) replaced.abort();
  };
  const watcher = watch(path.dirname(socket), look);
  // The folder itself went.
  watcher.on('error', () => replaced.abort());
  look();
  return { signal: replaced.signal, stop: () => watcher.close() };
}

/** Flags as variables: an argument is seen by everybody on the machine. */
function variablesOf({ url, apiKey, apiKeyFile, caFile, insecure }: ConnectionFlags): Record<string, string> {
  const absolute = (file: string | undefined): string | undefined => (file === undefined ? undefined : path.resolve(file));
  const variables = {
    HOMEPORT_URL: url,
    HOMEPORT_API_KEY: apiKey,
    HOMEPORT_API_KEY_FILE: absolute(apiKeyFile),
    HOMEPORT_CA_FILE: absolute(caFile),
    HOMEPORT_INSECURE: insecure === true ? '1' : undefined,
  };
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
