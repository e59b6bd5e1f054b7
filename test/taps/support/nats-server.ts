/** A real nats-server with JetStream, on loopback, whose store outlives its restarts. */
import { connect, type NatsConnection } from 'nats';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProcess, type RunningProcess } from '../../support/child-process.ts';
import { findFreePort } from '../../support/ports.ts';
import { realPart } from '../../support/real-parts.ts';

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Starts it, on the same port and store as before. */
  start(): Promise<void>;
  /** Ends it as if its machine lost power. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  connect(): Promise<NatsConnection>;
}

/** Makes the server's configuration in `folder`; `extra` is added to it. */
export async function createNatsServer(folder: string, extra = ''): Promise<NatsServer> {
  const port = await findFreePort();
  const file = path.join(folder, 'nats.conf');
  writeFileSync(file, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${path.join(folder, 'jetstream')}" }\n${extra}\n`);
  let running: RunningProcess | undefined;

  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    async start() {
      running = startProcess(realPart('nats-server'), ['-c', file]);
      await running.waitFor(/Server is ready/);
    },
    async kill() {
      await running?.stop('SIGKILL');
    },
    async stop() {
      await running?.stop();
    },
    connect: () => connect({ servers: `127.0.0.1:${port}` }),
  };
}
