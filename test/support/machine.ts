/**
 * A machine of its own with a real systemd, over this machine's files: what it changes goes with it, and programs can be missing
 * there. It has its own processes, mounts, name and cgroups, and this machine's network.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { runProcess, startProcess } from './child-process.ts';
import type { Finished } from './child-process.ts';
import { eventually } from './eventually.ts';
import { realPart, requireRealParts, skip } from './real-parts.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Machine {
  /** Runs a shell command in it, as root. */
  run(command: string): Promise<Finished>;
  /** Ends all that runs in it. */
  stop(): Promise<void>;
}

export interface MachineOptions {
  /** Programs it does not have. */
  readonly without: readonly string[];
  /** Its /run/docker.sock. */
  readonly dockerSocket: string;
  /** Folders of this machine, read-only, by where they stand there; wherever they stand here: its own /tmp hides this machine's. */
  readonly folders?: Readonly<Record<string, string>>;
}

/** Parts of systemd that would touch what the machine shares with this one. */
const MASKED = ['systemd-sysctl', 'systemd-modules-load', 'systemd-random-seed', 'systemd-udevd', 'systemd-udev-trigger', 'systemd-networkd', 'systemd-timesyncd', 'networking', 'kmod-static-nodes'];

/** In a `before` hook, whose `this` is given; skips the suite where a machine can't be had. Takes a few seconds. */
export async function startMachine(hook: Context, options: MachineOptions): Promise<Machine> {
  requireRealParts(hook, 'systemd', 'unshare');
  const folder = createTemporaryFolder();
  const cgroup = path.join(unifiedCgroups(hook), path.basename(folder.path));
  const script = path.join(folder.path, 'boot.sh');
  writeFileSync(script, bootScript(options));
  chmodSync(script, 0o700);
  mkdirSync(cgroup);
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--cgroup'];
  const enter = `echo $$ >'${cgroup}/cgroup.procs' && exec "$@"`;
  const machine = startProcess('sh', ['-c', enter, 'sh', realPart('unshare'), ...namespaces, 'sh', script, folder.path]);

  /** The machine's first process, as this machine numbers it. */
  const first = (): string => readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8').trim();
  const run = (command: string): Promise<Finished> =>
    runProcess('nsenter', ['--target', first(), '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--root', '--wd', '--', 'env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'sh', '-c', command]);

  async function stop(): Promise<void> {
    await machine.stop('SIGKILL');
    await eventually('the cgroups to be empty', () => (removeCgroups(cgroup) ? true : undefined));
    folder.remove();
  }

  try {
    await eventually('systemd to be up', async () => {
      const { stdout } = await run('systemctl is-system-running');
      return /^(running|degraded)$/.test(stdout.trim()) ? true : undefined;
    });
  } catch (error) {
    const printed = machine.stderr();
    await stop();
    skip(hook, `systemd does not run in namespaces here: ${printed.trim() === '' ? String(error) : printed}`);
  }
  return { run, stop };
}

/** Where cgroups of version 2 are, alone or beside those of version 1. */
function unifiedCgroups(hook: Context): string {
  const mount = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
  return mount?.[1] ?? skip(hook, 'no cgroup2 file system is mounted here');
}

function removeCgroups(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeCgroups(path.join(folder, entry.name));
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** What changes is kept in memory. Everything is mounted before systemd starts, as a container's manager would. */
function bootScript({ without, dockerSocket, folders = {} }: MachineOptions): string {
  const mounts = Object.entries(folders).map(([there, here]) => `mkdir -p .${there} && mount --bind '${here}' .${there} && mount -o remount,bind,ro .${there}`);
  return `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" root
cd root
for program in ${without.join(' ')}; do rm -f usr/bin/$program usr/sbin/$program usr/local/bin/$program usr/local/sbin/$program; done
for unit in ${MASKED.join(' ')}; do ln -sf /dev/null etc/systemd/system/$unit.service; done
rm -rf etc/systemd/system/*.wants
: >etc/fstab
${mounts.join('\n')}
: >etc/machine-id
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do : >dev/$device; mount --bind /dev/$device dev/$device; done
ln -s /proc/self/fd dev/fd
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
: >run/docker.sock
mount --bind '${dockerSocket}' run/docker.sock
hostname plant
mkdir before
pivot_root . before
umount -l /before
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target
`;
}
