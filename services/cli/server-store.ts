/** The servers this user signed in to, with their API keys: one file, readable by its owner alone. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { CliError } from './cli-error.ts';
import type { Trust } from './rest/trust.ts';

/** One sign-in. */
export interface SignIn {
  /** The server's origin, such as https://homeport.example:9443. */
  readonly url: string;
  readonly username: string;
  readonly apiKeyId: string;
  /** Secret. */
  readonly apiKey: string;
  readonly trust: Trust;
}

export interface ServerStore {
  /** The sign-in at that server, or the current one where none is named. */
  find(url?: string): SignIn | undefined;
  /** Keeps it, and makes it the current one. */
  save(signIn: SignIn): void;
  remove(url: string): void;
}

interface Contents {
  readonly current: string | null;
  readonly servers: readonly SignIn[];
}

/** The file is `$XDG_CONFIG_HOME/homeport/servers.json`, by default under ~/.config. Throws CliError `sign-ins-unreadable` where it is broken. */
export function openServerStore(env: NodeJS.ProcessEnv): ServerStore {
  const configHome = env.XDG_CONFIG_HOME ?? '';
  const folder = path.join(path.isAbsolute(configHome) ? configHome : path.join(homedir(), '.config'), 'homeport');
  const file = path.join(folder, 'servers.json');

  function write(contents: Contents): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(contents, undefined, 2)}\n`, { mode: 0o600 });
    // The mode above counts only where the draft is new.
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  }

  return {
    find(url) {
      const { current, servers } = read(file);
      return servers.find((server) => server.url === (url ?? current));
    },
    save(signIn) {
      const others = read(file).servers.filter(({ url }) => url !== signIn.url);
      write({ current: signIn.url, servers: [...others, signIn] });
    },
    remove(url) {
      const { current, servers } = read(file);
      const rest = servers.filter((server) => server.url !== url);
      write({ current: current === url ? (rest.at(-1)?.url ?? null) : current, servers: rest });
    },
  };
}

function read(file: string): Contents {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { current: null, servers: [] };
    throw new CliError('sign-ins-unreadable', `${file} can't be read: check its owner and mode`, { cause: error });
  }
  try {
    // Only this file's writer makes its contents.
    return JSON.parse(text) as Contents;
  } catch (error) {
    throw new CliError('sign-ins-unreadable', `${file} is broken: delete it and sign in again`, { cause: error });
  }
}
