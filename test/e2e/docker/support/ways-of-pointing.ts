/** The ways of pointing a Docker client at an environment that docs/docker.md names. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runProcess, type Finished } from '../../../support/child-process.ts';
import { runHomeport } from '../../../support/homeport.ts';
import { signInByRest } from './rest.ts';
import { NAME, type Connected, type DockerSite } from './site.ts';

type Env = DockerSite['env'];

/** One of them: what a command line is to say, and have in its environment. */
export interface WayOfPointing {
  readonly title: string;
  /** `docker` or `docker-compose` with the flags that point it there. */
  readonly commandLine: (program: 'docker' | 'docker-compose', args: readonly string[]) => readonly string[];
  readonly env: Env;
  /** Runs it to its end; throws nothing. */
  run(program: 'docker' | 'docker-compose', args: readonly string[], options?: Connected & { readonly cwd?: string }): Promise<Finished>;
}

/** By HTTPS and an API key, without anything of Homeport's on the client's machine. */
export async function pointDirectly({ server, folder, env }: DockerSite): Promise<WayOfPointing> {
  const { apiKey } = await signInByRest(server);
  const id = (await server.homeport('env', 'list', '--quiet')).stdout.trim();
  const config = path.join(folder, 'direct');
  mkdirSync(config);
  writeFileSync(path.join(config, 'config.json'), JSON.stringify({ HttpHeaders: { Authorization: `Bearer ${apiKey}` } }), { mode: 0o600 });
  const ca = path.join(server.dataDir, 'tls', 'ca.pem');
  const flags = ['-H', `tcp://localhost:${server.httpsPort}/api/v1/environments/${id}/docker`, '--tlsverify', '--tlscacert', ca];
  // docker-compose lets the first of these win over what it is told.
  return way('docker -H tcp://…', { ...env, DOCKER_CONFIG: config, REQUESTS_CA_BUNDLE: undefined, CURL_CA_BUNDLE: undefined }, flags);
}

/** By the socket of a `homeport connect`. */
export async function pointByConnect(site: DockerSite): Promise<WayOfPointing> {
  return way('homeport connect', { ...site.env, DOCKER_HOST: await site.endpoint() }, []);
}

/** By a Docker context. Whoever adds it removes it. */
export async function pointByContext({ env, folder }: DockerSite): Promise<WayOfPointing & { remove(): Promise<Finished> }> {
  // Without this file docker-compose looks for contexts in the folder it runs in.
  mkdirSync(path.join(folder, 'docker'), { recursive: true });
  writeFileSync(path.join(folder, 'docker', 'config.json'), '{}');
  const added = await runHomeport(['context', 'add', NAME], { env });
  if (added.code !== 0) throw new Error(`adding a context failed: ${added.stderr}`);
  return { ...way('homeport context add', env, ['--context', NAME]), remove: () => runHomeport(['context', 'remove', NAME], { env }) };
}

function way(title: string, env: Env, flags: readonly string[]): WayOfPointing {
  return {
    title,
    env,
    commandLine: (program, args) => [program, ...flags, ...args],
    run: (program, args, options) => runProcess(program, [...flags, ...args], { env, ...options }),
  };
}
