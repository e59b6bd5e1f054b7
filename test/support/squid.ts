/** A real Squid, as companies run it: CONNECT to some ports alone, for users with a password. */
import { chownSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { runProcess, startProcess } from './child-process.ts';
import { eventually } from './eventually.ts';
import { findFreePort } from './ports.ts';
import { realPart, requireRealParts } from './real-parts.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Squid {
  readonly port: number;
  /** What it was asked for so far, such as `TCP_TUNNEL/200 CONNECT 127.0.0.1:9443 user`. */
  asked(): readonly string[];
  /** Takes a new list of ports that CONNECT may lead to; resolves once it goes by it. */
  allowPorts(ports: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** In a `before` hook, whose `this` is given: Debian's Squid lays down root's rights itself. Skips the suite where there is none. */
export async function startSquid(hook: Context, options: { readonly username: string; readonly password: string; readonly ports: readonly number[] }): Promise<Squid> {
  requireRealParts(hook, 'squid');
  const folder = createTemporaryFolder();
  const logs = path.join(folder.path, 'logs');
  const [users, config, access] = [path.join(folder.path, 'users'), path.join(folder.path, 'squid.conf'), path.join(logs, 'access.log')];
  const port = await findFreePort();
  mkdirSync(logs);
  for (const one of [folder.path, logs]) chmodSync(one, 0o755);
  const { uid, gid } = await idsOf('proxy');
  chownSync(logs, uid, gid);
  writeFileSync(users, `${options.username}:${await hashed(options.password)}\n`);
  const configure = (ports: readonly number[]): void => writeFileSync(config, configuration({ port, users, logs, access, ports }));
  configure(options.ports);
  const squid = startProcess(realPart('squid'), ['-N', '-f', config]);
  const log = (name: string): string => readFileSync(path.join(logs, name), 'utf8');
  const accepting = (): number => log('cache.log').split('Accepting HTTP Socket connections').length - 1;

  async function stop(): Promise<void> {
    await squid.stop();
    folder.remove();
  }
  try {
    await eventually('Squid to listen', () => (accepting() === 1 ? true : undefined));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    asked: () => log('access.log').split('\n').filter((line) => line !== ''),
    async allowPorts(ports) {
      const before = accepting();
      configure(ports);
      squid.signal('SIGHUP');
      await eventually('Squid to read its configuration again', () => (accepting() > before ? true : undefined));
    },
    stop,
  };
}

function configuration({ port, users, logs, access, ports }: { readonly port: number; readonly users: string; readonly logs: string; readonly access: string; readonly ports: readonly number[] }): string {
  return `
http_port 127.0.0.1:${port}
visible_hostname proxy.example
pid_filename none
logformat asked %Ss/%>Hs %rm %ru %un
access_log stdio:${access} logformat=asked
logfile_daemon none
cache_log ${logs}/cache.log
coredump_dir ${logs}
cache deny all
buffered_logs off
shutdown_lifetime 0 seconds
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${users}
auth_param basic children 1
auth_param basic realm homeport
acl users proxy_auth REQUIRED
acl SSL_ports port ${ports.join(' ')}
http_access deny CONNECT !SSL_ports
http_access allow users
http_access deny all
`;
}

/** As crypt(3) has it; Perl is there wherever Debian is. */
async function hashed(password: string): Promise<string> {
  const { stdout } = await runProcess('perl', ['-e', "print crypt(<STDIN>, '$6$homeport')"], { input: password });
  return stdout;
}

async function idsOf(user: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const id = async (flag: string): Promise<number> => Number((await runProcess('id', [flag, user])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
