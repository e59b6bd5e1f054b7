/** `homeport serve` in a process of its own, as users run it, on loopback. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRestClient } from '../../services/cli/rest/rest-client.ts';
import type { RestClient } from '../../services/cli/rest/rest-client.ts';
import { createApiKey } from '../../services/cli/rest/session.ts';
import { createTransport } from '../../services/cli/rest/transport.ts';

const MAIN = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

export interface ControlPlaneProcess {
  readonly pid: number;
  readonly url: URL;
  readonly httpsPort: number;
  readonly tunnelPort: number;
  /** The CA that its certificate is verified by, PEM. */
  readonly caPem: string;
  /** Of the very first start. */
  readonly admin: { readonly username: string; readonly password: string } | undefined;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts it and resolves when it is ready. `execArgv` is for its Node. */
export async function startControlPlane(options: { readonly dataDir: string; readonly httpsPort?: number; readonly tunnelPort?: number; readonly execArgv?: readonly string[] }): Promise<ControlPlaneProcess> {
  const { dataDir, httpsPort = 0, tunnelPort = 0, execArgv = [] } = options;
  const flags = ['--data-dir', dataDir, '--host', '127.0.0.1', '--https-port', String(httpsPort), '--tunnel-port', String(tunnelPort), '--log-level', 'warn'];
  const server = spawn(process.execPath, [...execArgv, MAIN, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  const [line] = (await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    exited.then(() => {
      throw new Error('the control plane ended before it was ready');
    }),
  ])) as [string];
  const ready = JSON.parse(line) as { readonly url: string; readonly tunnelAddress: string; readonly admin?: { readonly username: string; readonly password: string } };
  const url = new URL(ready.url);
  return {
    pid: server.pid ?? Number.NaN,
    url,
    httpsPort: Number(url.port),
    tunnelPort: Number(/\d+$/.exec(ready.tunnelAddress)?.[0]),
    caPem: readFileSync(join(dataDir, 'tls', 'ca.pem'), 'utf8'),
    admin: ready.admin,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) server.kill('SIGTERM');
      await exited;
    },
  };
}

/** A client signed in as the first admin; it goes on working when the control plane is started again at the same port. */
export async function signIn({ url, caPem, admin }: ControlPlaneProcess): Promise<RestClient> {
  if (admin === undefined) throw new Error('this was not the first start');
  const transport = createTransport(url, { kind: 'authority', pem: caPem });
  const { secret } = await createApiKey(createRestClient(transport, undefined), admin, { name: 'bench' });
  return createRestClient(transport, secret);
}
