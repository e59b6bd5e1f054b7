/** The Docker contexts that were made of environments: a folder for each, of its owner alone, with what it leads to and the socket of its endpoint. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { CliError } from '../cli-error.ts';

/** What a context leads to. */
export interface DockerContext {
  /** As Docker knows it. */
  readonly name: string;
  /** The server's origin. */
  readonly url: string;
  readonly environmentId: string;
  /** As the environment was named then. */
  readonly environment: string;
  /** The Swarm node whose engine is meant; null is the environment's own. */
  readonly node: string | null;
}

export interface ContextStore {
  list(): readonly DockerContext[];
  find(name: string): DockerContext | undefined;
  /** Throws CliError `context-unreadable` where the path of the socket would be too long for the system. */
  save(context: DockerContext): void;
  /** Removes its folder: an endpoint that serves there notices, and ends. */
  remove(name: string): void;
  socketOf(name: string): string;
  logOf(name: string): string;
}

/** What the system takes for the path of a Unix socket, in bytes. */
const LONGEST_SOCKET_PATH = 107;
/** The names that Docker takes; none of them leads out of a folder. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** Whether Docker takes it for a context's name. */
export function isContextName(name: string): boolean {
  return NAME.test(name) && name !== 'default';
}

/** They are in `$XDG_CONFIG_HOME/homeport/contexts`, by default under ~/.config. */
export function openContextStore(env: NodeJS.ProcessEnv): ContextStore {
  const configHome = env.XDG_CONFIG_HOME ?? '';
  const root = path.join(path.isAbsolute(configHome) ? configHome : path.join(homedir(), '.config'), 'homeport', 'contexts');
  const folderOf = (name: string): string => path.join(root, name);
  const socketOf = (name: string): string => path.join(folderOf(name), 'docker.sock');

  function find(name: string): DockerContext | undefined {
    const file = path.join(folderOf(name), 'context.json');
    if (!isContextName(name) || !existsSync(file)) return undefined;
    try {
      // Only this file's writer makes its contents.
      return JSON.parse(readFileSync(file, 'utf8')) as DockerContext;
    } catch (error) {
      throw new CliError('context-unreadable', `${file} can't be read or is broken: delete ${folderOf(name)}, and add the context again`, { cause: error });
    }
  }

  return {
    find,
    socketOf,
    logOf: (name) => path.join(folderOf(name), 'endpoint.log'),
    list() {
      const names = existsSync(root) ? readdirSync(root).toSorted() : [];
      return names.map(find).filter((context) => context !== undefined);
    },
    save(context) {
      if (Buffer.byteLength(socketOf(context.name)) > LONGEST_SOCKET_PATH) {
        throw new CliError('context-unreadable', `${socketOf(context.name)} is too long for the path of a socket: give a shorter --name, or set XDG_CONFIG_HOME`);
      }
      const folder = folderOf(context.name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // The mode above counts only where the folder is new.
      chmodSync(folder, 0o700);
      const draft = path.join(folder, `context.json.${process.pid}`);
      writeFileSync(draft, `${JSON.stringify(context, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(draft, path.join(folder, 'context.json'));
    },
    remove: (name) => rmSync(folderOf(name), { recursive: true, force: true }),
  };
}

/** Whether somebody serves at that socket. */
export function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
