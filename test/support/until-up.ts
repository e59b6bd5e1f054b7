/** Waiting for an agent to be up, without a process for each look: a command line that is started again and again keeps the agent from its processor. */
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { adminSocketPath } from '../../services/control-plane/admin-socket.ts';
import { eventually } from './eventually.ts';
import type { HomeportServer } from './homeport.ts';

/** Resolves once the environment of this name is up, as the machine's own operator sees it. */
export async function untilUp({ dataDir }: Pick<HomeportServer, 'dataDir'>, name: string, withinMs = 60_000): Promise<void> {
  await eventually(`${name} to be up`, async () => ((await namesUp(dataDir)).includes(name) ? true : undefined), withinMs);
}

function namesUp(dataDir: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    request({ socketPath: adminSocketPath(dataDir), path: '/api/v1/environments?status=up&limit=1000', agent: false }, (answer) => {
      json(answer).then((body) => resolve((body as { readonly items: readonly { readonly name: string }[] }).items.map((one) => one.name)), reject);
    })
      .once('error', reject)
      .end();
  });
}
