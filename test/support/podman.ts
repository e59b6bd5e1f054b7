/** A real Podman of the test's own: storage, volumes and the API's socket in a temporary folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { runProcess, startProcess } from './child-process.ts';
import type { Finished } from './child-process.ts';
import { eventually } from './eventually.ts';
import { realPart, requireRealParts, skip } from './real-parts.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Podman {
  /** The socket of its Docker API. */
  readonly socket: string;
  /** The variables that lead every podman command to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Throws where it fails. */
  podman(...args: readonly string[]): Promise<Finished>;
  /** Removes every container, and all files. */
  stop(): Promise<void>;
}

/** In a `before` hook, whose `this` is given; skips the suite where Podman can't run. Give the hook 60 s. */
export async function startPodman(hook: Context): Promise<Podman> {
  requireRealParts(hook, 'podman');
  const folder = createTemporaryFolder();
  const file = (name: string): string => path.join(folder.path, name);
  const socket = file('podman.sock');
  writeFileSync(file('storage.conf'), `[storage]\ndriver = "vfs"\nrunroot = "${file('run')}"\ngraphroot = "${file('root')}"\n`);
  // Root in a container may not be allowed the limits that Podman would raise.
  const containers = ['[containers]', 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]', 'log_driver = "k8s-file"'];
  const engine = ['[engine]', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"', `tmp_dir = "${file('tmp')}"`, `volume_path = "${file('volumes')}"`, `static_dir = "${file('static')}"`];
  writeFileSync(file('containers.conf'), `${[...containers, ...engine].join('\n')}\n`);
  mkdirSync(file('tmp'));
  const env = { CONTAINERS_CONF: file('containers.conf'), CONTAINERS_STORAGE_CONF: file('storage.conf') };
  const service = startProcess(realPart('podman'), ['system', 'service', '--time', '0', `unix://${socket}`], { env });

  async function podman(...args: readonly string[]): Promise<Finished> {
    const finished = await runProcess(realPart('podman'), args, { env });
    if (finished.code !== 0) throw new Error(`podman ${args.join(' ')} failed (${finished.code ?? 'killed'}): ${finished.stderr}`);
    return finished;
  }

  async function stop(): Promise<void> {
    await podman('rm', '--all', '--force', '--time', '1').catch(() => undefined);
    await service.stop();
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((one) => one.startsWith(`${folder.path}/`)).reverse()) await runProcess('umount', ['--lazy', mount]);
    folder.remove();
  }

  try {
    await eventually('Podman to answer', async () => ((await podman('--url', `unix://${socket}`, 'version')).code === 0 ? true : undefined), 20_000);
  } catch (error) {
    await stop();
    skip(hook, `Podman does not run here: ${error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)}`);
  }
  return { socket, env, podman, stop };
}
