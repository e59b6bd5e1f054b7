/** An address that answers nothing, not even a connection attempt: as behind a firewall, or where a machine is off. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startProcess } from './child-process.ts';

export interface SilentAddress {
  stop(): Promise<void>;
}

/** A listener that was stopped, its queue filled: Linux then lets further attempts go unanswered. */
export async function silenceAddress(host: string, ports: readonly number[]): Promise<SilentAddress> {
  const program = `let left = ${ports.length};
    for (const port of ${JSON.stringify(ports)}) require('node:net').createServer().listen({ port, host: '${host}', backlog: 1 }, () => --left || console.log('listening'));`;
  const listener = startProcess(process.execPath, ['-e', program]);
  const sockets: Socket[] = [];
  await listener.waitFor(/listening/);
  listener.signal('SIGSTOP');
  for (const port of ports) {
    for (let isAnswered = true; isAnswered; ) {
      const socket = connect({ host, port }).on('error', () => undefined);
      sockets.push(socket);
      isAnswered = await Promise.race([once(socket, 'connect').then(() => true), delay(500, false)]);
    }
  }
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      await listener.stop('SIGKILL');
    },
  };
}
