/** OpenSSH's own reverse tunnel, with a throwaway server on loopback: keys, configuration and account are of this run only. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const SSHD = '/usr/sbin/sshd';

export interface SshServer {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /**
   * A TCP port that leads to the Unix socket at the other end. `port` is where the client finds the server; by `-R` the socket is at the
   * client, by `-L` at the server.
   */
  openTunnel(port: number, socketPath: string, direction?: '-R' | '-L'): Promise<{ readonly port: number; readonly pid: number; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** Undefined where OpenSSH's server is not installed (Debian: `apt-get install openssh-server`). */
export async function startSshServer(): Promise<SshServer | undefined> {
  try {
    accessSync(SSHD, constants.X_OK);
  } catch {
    return undefined;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'homeport-ssh-'));
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['host_key', 'user_key']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host_key')}`,
    `AuthorizedKeysFile ${at('user_key.pub')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'AllowTcpForwarding yes',
  ];
  writeFileSync(at('sshd_config'), `${config.join('\n')}\n`);
  // sshd insists on its privilege separation folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(SSHD, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await said(server, /Server listening/);
  return {
    port,
    pid: server.pid ?? 0,
    version: sshVersion(),
    async openTunnel(viaPort, socketPath, direction = '-R') {
      const localPort = direction === '-L' ? await freePort() : 0;
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ExitOnForwardFailure=yes', 'IdentitiesOnly=yes'];
      const client = spawn(
        'ssh',
        ['-N', '-v', '-F', '/dev/null', '-i', at('user_key'), '-p', String(viaPort), ...options.flatMap((option) => ['-o', option])].concat(
          [direction, `127.0.0.1:${localPort}:${socketPath}`, `${os.userInfo().username}@127.0.0.1`],
        ),
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      const [, tunnelPort] = await said(client, direction === '-L' ? /Local forwarding listening on 127\.0\.0\.1 port (\d+)/ : /Allocated port (\d+)/);
      return { port: Number(tunnelPort), pid: client.pid ?? 0, stop: () => end(client) };
    },
    async stop() {
      await end(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sshVersion(): string {
  const child = execFileSync('sh', ['-c', 'ssh -V 2>&1'], { encoding: 'utf8' });
  return child.trim();
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Waits for a line on stderr; what comes after is read and dropped. */
function said(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    });
    child.once('exit', () => reject(new Error(`${child.spawnfile} ended by itself:\n${text}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
