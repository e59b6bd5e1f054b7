/** Homeport as its users run it: the real command line, in processes of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess, startProcess } from './child-process.ts';
import type { Ending, Finished, ProcessOptions, RunningProcess } from './child-process.ts';
import { expectReadModelsAsReplayed } from './replayed-read-models.ts';
import { isStoreElsewhere, removeStoreElsewhere, storeElsewhere } from './store-elsewhere.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

const MAIN = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

/** The agent alone, as it runs where the command line is not. */
export const STANDALONE_AGENT = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));

/** As `npx homeport` does it: the second process starts in half the time of the first. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/homeport/compiled', import.meta.url));

/** Variables of whoever runs the tests that would change what Homeport does. */
const CLEAN = Object.fromEntries(Object.keys(process.env).filter((name) => /^(HOMEPORT_(?!TEST)|EDGE_)|^(HTTPS?_PROXY|https?_proxy)$/.test(name)).map((name) => [name, undefined]));

/** How long a server may take to be ready that begins beside a store that has just begun, too. */
const besideAnotherMs = 40_000;

type Env = ProcessOptions['env'];

/** Runs one command to its end. */
export function runHomeport(args: readonly string[], options: { readonly env?: Env; readonly input?: string; readonly withinMs?: number } = {}): Promise<Finished> {
  return runProcess(process.execPath, [MAIN, ...args], { ...options, env: { ...CLEAN, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env } });
}

/** Starts a command that runs on. */
export function startHomeportCommand(args: readonly string[], env: Env = {}): RunningProcess {
  return startProcess(process.execPath, [MAIN, ...args], { env: { ...CLEAN, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env } });
}

export interface HomeportServer {
  readonly process: RunningProcess;
  /** Such as https://localhost:40123. */
  readonly url: string;
  readonly httpsPort: number;
  readonly tunnelPort: number;
  readonly tunnelAddress: string;
  readonly dataDir: string;
  /** Of the very first start. */
  readonly admin: { readonly username: string; readonly password: string } | undefined;
  /** The CA that its certificate is verified by, PEM. */
  ca(): string;
  /** Runs a client command signed in as the admin (`signIn` first). */
  homeport(...args: readonly string[]): Promise<Finished>;
  /** The variables that sign a command in; for commands that run on, or with an input. */
  readonly clientEnv: Readonly<Record<string, string>>;
  /** Signs in as the first admin, for `homeport`. */
  signIn(): Promise<void>;
  /** SIGTERM; resolves when it has ended. The data directory stays until `remove`. Throws where its read models are not what its record makes. */
  stop(): Promise<Ending>;
  /** kill -9. Throws as `stop` does. */
  kill(): Promise<Ending>;
  /** Stops it where it runs, and removes the data directory it was given here. Throws as `stop` does. */
  remove(): Promise<void>;
}

interface ReadyLine {
  readonly url: string;
  readonly tunnelAddress: string;
  readonly dataDir: string;
  readonly admin?: { readonly username: string; readonly password: string };
}

export interface ServeOptions {
  /** A fresh one by default; a second start on the same one leaves it alone. */
  readonly dataDir?: string;
  readonly httpsPort?: number;
  readonly tunnelPort?: number;
  /** More flags of `serve`. */
  readonly flags?: readonly string[];
  readonly env?: Env;
}

/** Starts `homeport serve` on loopback and free ports, and resolves when it is ready. Throws with all it printed where it is not. */
export async function startHomeport(options: ServeOptions = {}): Promise<HomeportServer> {
  const folder = createTemporaryFolder();
  const dataDir = options.dataDir ?? path.join(folder.path, 'data');
  const clientEnv = { XDG_CONFIG_HOME: path.join(folder.path, 'config') };
  const flags = ['--data-dir', dataDir, '--host', '127.0.0.1', '--https-port', String(options.httpsPort ?? 0), '--tunnel-port', String(options.tunnelPort ?? 0)];
  const env = { ...(await storeElsewhere(dataDir)), ...options.env };
  const server = startHomeportCommand(['serve', ...flags, ...(options.flags ?? [])], env);
  const [line] = await server.waitFor(/^\{"ready":true.*\}$/m, isStoreElsewhere ? besideAnotherMs : undefined).catch(async (error: unknown) => {
    await server.stop('SIGKILL');
    folder.remove();
    throw error;
  });
  const { url, tunnelAddress, admin } = JSON.parse(line) as ReadyLine;
  const homeport = (...args: readonly string[]): Promise<Finished> => runHomeport(args, { env: clientEnv });
  let compared: Promise<void> | undefined;
  /** Once: a spec may tamper with the data of a server that has ended. */
  const compare = (): Promise<void> => (compared ??= expectReadModelsAsReplayed(dataDir, env.HOMEPORT_EVENT_STORE));
  async function end(signal?: NodeJS.Signals): Promise<Ending> {
    const ending = await server.stop(signal);
    await compare();
    return ending;
  }

  return {
    process: server,
    url,
    httpsPort: Number(new URL(url).port),
    tunnelPort: Number(/\d+$/.exec(tunnelAddress)?.[0]),
    tunnelAddress,
    dataDir,
    admin,
    ca: () => readFileSync(path.join(dataDir, 'tls', 'ca.pem'), 'utf8'),
    homeport,
    clientEnv,
    async signIn() {
      const password = admin?.password ?? options.env?.HOMEPORT_ADMIN_PASSWORD ?? '';
      const args = ['login', url, '--username', admin?.username ?? 'admin', '--ca-file', path.join(dataDir, 'tls', 'ca.pem')];
      const { code, stderr } = await runHomeport(args, { env: clientEnv, input: `${password}\n` });
      if (code !== 0) throw new Error(`signing in failed: ${stderr}`);
    },
    stop: () => end(),
    kill: () => end('SIGKILL'),
    async remove() {
      await end().finally(async () => {
        // Of a directory that others go on with, the record goes on too.
        if (options.dataDir === undefined) await removeStoreElsewhere(dataDir);
        folder.remove();
      });
    },
  };
}

export interface HomeportAgent {
  readonly process: RunningProcess;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<Ending>;
  /** kill -9. */
  kill(): Promise<Ending>;
}

export interface AgentOptions {
  readonly edgeId: string;
  readonly edgeKey: string;
  /** Such as unix:///…/docker.sock. */
  readonly dockerHost: string;
  readonly env?: Env;
}

/** Starts `homeport agent` for a self-signed server; it runs on, whatever it finds. */
export function startAgent({ edgeId, edgeKey, dockerHost, env }: AgentOptions): HomeportAgent {
  const agent = startHomeportCommand(['agent'], { EDGE_ID: edgeId, EDGE_KEY: edgeKey, EDGE_INSECURE_POLL: '1', DOCKER_HOST: dockerHost, ...env });
  return { process: agent, stop: () => agent.stop(), kill: () => agent.stop('SIGKILL') };
}

/** An environment made from the command line. */
export interface JoinableEnvironment {
  readonly id: string;
  readonly name: string;
  readonly issuedEdgeId: string;
  readonly joinToken: string;
}

/** Creates an environment whose agent runs on this machine; the server must be signed in to. */
export async function createEnvironment(server: HomeportServer, name: string, ...flags: readonly string[]): Promise<JoinableEnvironment> {
  const address = `localhost:${server.httpsPort}`;
  const { code, stdout, stderr } = await server.homeport('env', 'create', name, '--address', address, '--tunnel-address', `localhost:${server.tunnelPort}`, '--allow-loopback', '--json', ...flags);
  if (code !== 0) throw new Error(`creating ${name} failed: ${stderr}`);
  return JSON.parse(stdout) as JoinableEnvironment;
}
