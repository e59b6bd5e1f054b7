/** A real Docker engine of the test's own: no bridge, no iptables, a data root in a temporary folder, one busybox image. */
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import type { Context } from 'mocha';
import { runProcess, startProcess } from './child-process.ts';
import type { Finished, RunningProcess } from './child-process.ts';
import { eventually } from './eventually.ts';
import { realPart, requireRealParts, skip } from './real-parts.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Dockerd {
  /** The Unix socket's path. */
  readonly socket: string;
  /** Such as unix:///…/docker.sock. */
  readonly dockerHost: string;
  /** Runs the docker command straight against this engine. Throws where it fails. */
  docker(...args: readonly string[]): Promise<Finished>;
  /** Removes every container, ends the engine, and removes its files. */
  stop(): Promise<void>;
}

/** The image that is loaded. Containers need `--network none`: there is no bridge. */
export const IMAGE = 'busybox:latest';

/**
 * Starts an engine in a `before` hook; `this` is the hook's. Skips the suite where an engine can't run here (throws with
 * CI=true), and takes a few seconds: give the hook a timeout of 60 s.
 */
export async function startDockerd(hook: Context): Promise<Dockerd> {
  requireRealParts(hook, 'dockerd', 'docker', 'busybox');
  const folder = createTemporaryFolder();
  const socket = path.join(folder.path, 'docker.sock');
  const dockerHost = `unix://${socket}`;
  const engine = startProcess(realPart('dockerd'), [
    `--host=${dockerHost}`,
    `--data-root=${path.join(folder.path, 'root')}`,
    `--exec-root=${path.join(folder.path, 'exec')}`,
    `--pidfile=${path.join(folder.path, 'dockerd.pid')}`,
    '--bridge=none',
    '--iptables=false',
    '--ip6tables=false',
    '--storage-driver=vfs',
    '--shutdown-timeout=1',
  ]);

  async function docker(...args: readonly string[]): Promise<Finished> {
    const finished = await runProcess(realPart('docker'), ['--host', dockerHost, ...args], { env: WITHOUT_OTHER_ENDPOINTS });
    if (finished.code !== 0) throw new Error(`docker ${args.join(' ')} failed (${finished.code}): ${finished.stderr}`);
    return finished;
  }

  async function stop(): Promise<void> {
    const containers = (await docker('ps', '--all', '--quiet')).stdout.split('\n').filter((id) => id !== '');
    if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
    // Nothing is left for it to put in order. Told to end, it would sleep a second over its containerd, which dies with it.
    await engine.stop('SIGKILL');
    await unmountUnder(folder.path);
    folder.remove();
  }

  try {
    await untilItAnswers(engine, socket);
    await importImage(folder.path, docker);
  } catch (error) {
    await engine.stop('SIGKILL');
    await unmountUnder(folder.path);
    folder.remove();
    skip(hook, `a Docker engine does not start here: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { socket, dockerHost, docker, stop };
}

/** Variables that would lead the docker command elsewhere. */
export const WITHOUT_OTHER_ENDPOINTS = {
  DOCKER_HOST: undefined,
  DOCKER_CONTEXT: undefined,
  DOCKER_TLS_VERIFY: undefined,
  DOCKER_CERT_PATH: undefined,
} as const;

async function untilItAnswers(engine: RunningProcess, socketPath: string): Promise<void> {
  let end: string | undefined;
  void engine.ended.then(
    () => (end = engine.stderr().trim().split('\n').slice(-3).join(' ')),
    (error: unknown) => (end = String(error)),
  );
  const answered = await eventually('the engine to answer', async () => end ?? ((await ping(socketPath)) === 200 ? true : undefined), 30_000);
  if (typeof answered === 'string') throw new Error(answered);
}

/** By the socket itself: a command that is started again and again keeps the engine from its processor. */
async function ping(socketPath: string): Promise<number | undefined> {
  const asked = request({ socketPath, path: '/_ping', agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

/** An image of nothing but the static busybox, with a link for each of its commands. */
async function importImage(folder: string, docker: Dockerd['docker']): Promise<void> {
  const tree = path.join(folder, 'image');
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp']) mkdirSync(path.join(tree, name), { recursive: true });
  const busybox = path.join(tree, 'bin', 'busybox');
  copyFileSync(realPart('busybox'), busybox);
  chmodSync(busybox, 0o755);
  const { stdout } = await runProcess(busybox, ['--list']);
  for (const name of stdout.split('\n')) if (name !== '' && name !== 'busybox') symlinkSync('busybox', path.join(tree, 'bin', name));
  const archive = path.join(folder, 'image.tar');
  const packed = await runProcess('tar', ['--create', '--file', archive, '--directory', tree, '--owner=0', '--group=0', '.']);
  if (packed.code !== 0) throw new Error(`tar failed: ${packed.stderr}`);
  await docker('import', '--change', 'ENV PATH=/bin', '--change', 'CMD ["sh"]', archive, IMAGE);
}

/** An engine that was killed leaves mounts behind, and a folder with mounts in it can't be removed. */
async function unmountUnder(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`));
  for (const mount of mounts.reverse()) await runProcess('umount', ['--lazy', mount]);
}
