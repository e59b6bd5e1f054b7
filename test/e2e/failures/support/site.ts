/** A server, an environment of it, and its agent as a process, each of which a spec may kill. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../../../support/child-process.ts';
import type { RunningProcess } from '../../../support/child-process.ts';
import { WITHOUT_OTHER_ENDPOINTS } from '../../../support/dockerd.ts';
import { startHomeport, startHomeportCommand } from '../../../support/homeport.ts';
import type { HomeportServer, ServeOptions } from '../../../support/homeport.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';
import { createApi } from './api.ts';
import type { Api, CreatedEnvironment } from './api.ts';

const AGENT = fileURLToPath(new URL('../../../../agent/standalone.ts', import.meta.url));

export interface Site {
  /** The process that serves now. */
  server(): HomeportServer;
  readonly api: Api;
  /** Removed with the site. */
  readonly folder: string;
  /** Starts a server on the same data directory and ports. */
  restart(): Promise<HomeportServer>;
  /** Starts an agent; the variables of an environment's own come first, DOCKER_HOST is for the caller to give. */
  startAgent(environment: CreatedEnvironment, env: Readonly<Record<string, string>>): RunningProcess;
  /** A `homeport connect`, and the environment of a docker command that uses it. */
  dockerEnvironment(environment: CreatedEnvironment): Promise<Readonly<Record<string, string | undefined>>>;
  /** Keeps a process in mind, to be killed with the site. */
  own(process: RunningProcess): RunningProcess;
  stop(): Promise<void>;
}

/** Starts the server. Whoever starts a site stops it. */
export async function startSite(options: ServeOptions = {}): Promise<Site> {
  const folder = createTemporaryFolder();
  const owned: RunningProcess[] = [];
  const first = await startHomeport(options).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  let current = first;
  const own = (process: RunningProcess): RunningProcess => {
    owned.push(process);
    return process;
  };
  async function stop(): Promise<void> {
    for (const process of owned.reverse()) await process.stop('SIGKILL');
    await current.kill();
    if (current !== first) await current.remove();
    await first.remove();
    folder.remove();
  }
  try {
    const api = await createApi(first);
    let isSignedIn = false;
    return {
      server: () => current,
      api,
      folder: folder.path,
      own,
      async restart() {
        const { dataDir, httpsPort, tunnelPort } = first;
        const last = current;
        current = await startHomeport({ ...options, dataDir, httpsPort, tunnelPort });
        if (last !== first) await last.remove();
        return current;
      },
      startAgent: ({ issuedEdgeId, joinToken }, env) =>
        own(startProcess(process.execPath, [AGENT], { env: { EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DATA_PATH: folder.path, ...env } })),
      async dockerEnvironment({ id }) {
        if (!isSignedIn) await first.signIn();
        isSignedIn = true;
        const env = { ...WITHOUT_OTHER_ENDPOINTS, ...first.clientEnv, DOCKER_CONFIG: path.join(folder.path, 'docker') };
        const connecting = own(startHomeportCommand(['connect', id], env));
        const [, dockerHost = ''] = await connecting.waitFor(/^export DOCKER_HOST=(\S+)$/m, 40_000);
        return { ...env, DOCKER_HOST: dockerHost };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The path of the Docker proxy of an environment, for {@link Api}. */
export function dockerPath({ id }: CreatedEnvironment, path: string): string {
  return `/environments/${id}/docker${path}`;
}
