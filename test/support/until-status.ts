/** Waiting for environments, without a process for each look: a command line that is started again and again keeps agents from their processor. */
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { adminSocketPath } from '../../services/control-plane/admin-socket.ts';
import { eventually } from './eventually.ts';
import type { HomeportServer } from './homeport.ts';

/** Resolves once the environment of this name is up, as the machine's own operator sees it. */
export async function untilUp(server: Pick<HomeportServer, 'dataDir'>, name: string, withinMs = 60_000): Promise<void> {
  await untilStatus(server, name, 'up', withinMs);
}

/** The same for any status. */
export async function untilStatus({ dataDir }: Pick<HomeportServer, 'dataDir'>, name: string, status: string, withinMs = 60_000): Promise<void> {
  await eventually(`${name} to be ${status}`, async () => ((await namesOf(dataDir, status)).includes(name) ? true : undefined), withinMs);
}

function namesOf(dataDir: string, status: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    request({ socketPath: adminSocketPath(dataDir), path: `/api/v1/environments?status=${status}&limit=1000`, agent: false }, (answer) => {
      json(answer).then((body) => resolve((body as { readonly items: readonly { readonly name: string }[] }).items.map((one) => one.name)), reject);
    })
      .once('error', reject)
      .end();
  });
}
