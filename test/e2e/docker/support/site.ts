/** A site as its users have it: a real engine, a server, the agent from the printed variables, and the Docker CLI through `homeport connect`. */
import path from 'node:path';
import type { Context } from 'mocha';
import { runProcess } from '../../../support/child-process.ts';
import type { Finished, RunningProcess } from '../../../support/child-process.ts';
import { startDockerd, WITHOUT_OTHER_ENDPOINTS } from '../../../support/dockerd.ts';
import type { Dockerd } from '../../../support/dockerd.ts';
import { startHomeport, startHomeportCommand } from '../../../support/homeport.ts';
import type { HomeportServer, ServeOptions } from '../../../support/homeport.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';
import { untilUp } from '../../../support/until-status.ts';

/** The environment's name at every site. */
export const NAME = 'factory';

export interface Connected {
  readonly input?: string | Uint8Array;
  readonly withinMs?: number;
}

export interface Site {
  readonly server: HomeportServer;
  readonly agent: RunningProcess;
  /** Another one of the same identity, where the first was stopped. */
  startAgent(): RunningProcess;
  /** What `env create` printed. */
  readonly printed: string;
  /** The variables in it, the agent's. */
  readonly variables: Readonly<Record<string, string>>;
  /** Removed with the site. */
  readonly folder: string;
  /** For a client command, or one under `homeport connect`, that runs on. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `homeport connect factory -- COMMAND…`, to its end. Throws nothing: its exit code tells. */
  connect(command: readonly string[], options?: Connected): Promise<Finished>;
  /** The same, still running; stopped with the site at the latest. */
  startConnected(command: readonly string[]): RunningProcess;
  /** A `homeport connect factory` without a command, once for all of the site: what DOCKER_HOST is to be. */
  endpoint(): Promise<string>;
  /** Docker against {@link endpoint}, to its end. */
  docker(args: readonly string[], options?: Connected): Promise<Finished>;
  /** Keeps a process in mind, to be stopped with the site. */
  own(process: RunningProcess): RunningProcess;
  stop(): Promise<void>;
}

export interface SiteOptions extends ServeOptions {
  /** More variables for the agent. */
  readonly agentEnv?: Readonly<Record<string, string>>;
}

/** Starts server and agent in front of an engine's socket. Whoever starts it stops it, also where a hook failed half-way. */
export async function startSite(dockerHost: string, { agentEnv = {}, ...serve }: SiteOptions = {}): Promise<Site> {
  const folder = createTemporaryFolder();
  const owned = new Set<RunningProcess>();
  const own = (process: RunningProcess): RunningProcess => {
    owned.add(process);
    void process.ended.then(
      () => owned.delete(process),
      () => owned.delete(process),
    );
    return process;
  };
  const server = await startHomeport(serve).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  async function stop(): Promise<void> {
    for (const process of owned) await process.stop();
    await server.remove();
    folder.remove();
  }
  try {
    await server.signIn();
    const address = ['--address', `localhost:${server.httpsPort}`, '--tunnel-address', `localhost:${server.tunnelPort}`, '--allow-loopback'];
    const created = await server.homeport('env', 'create', NAME, ...address);
    if (created.code !== 0) throw new Error(`creating ${NAME} failed: ${created.stderr}`);
    const variables = variablesIn(created.stdout);
    const startAgent = (): RunningProcess => own(startHomeportCommand(['agent'], { ...variables, DOCKER_HOST: dockerHost, DATA_PATH: folder.path, ...agentEnv }));
    const agent = startAgent();
    await untilUp(server, NAME, 20_000);
    const env = { ...WITHOUT_OTHER_ENDPOINTS, ...server.clientEnv, DOCKER_CONFIG: path.join(folder.path, 'docker') };
    const startConnected = (command: readonly string[]): RunningProcess => own(startHomeportCommand(['connect', NAME, '--', ...command], env));
    let serving: Promise<string> | undefined;
    const serveEndpoint = async (): Promise<string> => {
      const [, dockerHostOfEndpoint] = await own(startHomeportCommand(['connect', NAME], env)).waitFor(/^export DOCKER_HOST=(\S+)$/m);
      return dockerHostOfEndpoint ?? '';
    };
    const endpoint = (): Promise<string> => (serving ??= serveEndpoint());

    return {
      server,
      agent,
      startAgent,
      printed: created.stdout,
      variables,
      folder: folder.path,
      env,
      own,
      startConnected,
      endpoint,
      connect: (command, options) => finish(startConnected(command), options),
      docker: async (args, options) => runProcess('docker', args, { env: { ...env, DOCKER_HOST: await endpoint() }, ...options }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A site whose engine is a real one of its own. */
export interface DockerSite extends Site {
  readonly dockerd: Dockerd;
}

/** In a `before` hook whose `this` is given; skips the suite where no engine can run. Takes some seconds. */
export async function startDockerSite(hook: Context, options?: SiteOptions): Promise<DockerSite> {
  const dockerd = await startDockerd(hook);
  try {
    const site = await startSite(dockerd.dockerHost, options);
    return {
      ...site,
      dockerd,
      async stop() {
        await site.stop().finally(() => dockerd.stop());
      },
    };
  } catch (error) {
    await dockerd.stop();
    throw error;
  }
}

/** Sends the input to a process and waits for its end; after `withinMs` it is killed, which fails. */
async function finish(running: RunningProcess, { input, withinMs = 60_000 }: Connected = {}): Promise<Finished> {
  if (input !== undefined) running.write(input);
  running.endInput();
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    running.signal('SIGKILL');
  }, withinMs);
  const ending = await running.ended.finally(() => clearTimeout(timer));
  if (late.signal.aborted) throw new Error(`it was still running after ${withinMs} ms: ${running.stdout()}${running.stderr()}`);
  return { ...ending, stdout: running.stdout(), stderr: running.stderr() };
}

/** As a shell would read them off the printed line. */
function variablesIn(printed: string): Record<string, string> {
  return Object.fromEntries([...printed.matchAll(/\b(EDGE_[A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
}
