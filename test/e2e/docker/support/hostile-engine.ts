/** An engine that means harm: on a Unix socket, it answers each request with the raw bytes it is told to. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

export interface HostileEngine {
  /** Such as unix:///…/docker.sock. */
  readonly dockerHost: string;
  /** All that clients ever sent, on all connections, but for what the agent asks for itself. */
  received(): string;
  /** From now on requests whose target has this in it are answered so; the last one told wins. */
  answer(target: string, bytes: string): void;
  stop(): Promise<void>;
}

/** What the agent asks on its own, for its reports and snapshots: one request on a connection. */
const AGENTS_OWN = /^GET \S+ HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*?User-Agent: homeport-agent\/[^\r\n]+\r\n(?:[^\r\n]+\r\n)*\r\n$/;
const REQUEST_LINE = /(?:GET|HEAD|POST|PUT|DELETE) (\S+) HTTP\/1\.1\r\n[^]*?\r\n\r\n/g;

export async function startHostileEngine(): Promise<HostileEngine> {
  const folder = createTemporaryFolder();
  const connections = new Set<Socket>();
  const answers = new Map<string, string>();
  const heard: { text: string }[] = [];
  const server = createServer((socket) => {
    const said = { text: '' };
    let answeredUpTo = 0;
    heard.push(said);
    connections.add(socket);
    socket.on('close', () => connections.delete(socket)).on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      said.text += chunk.toString('latin1');
      for (const match of said.text.slice(answeredUpTo).matchAll(REQUEST_LINE)) {
        const [, target = ''] = match;
        const told = [...answers].findLast(([part]) => target.includes(part));
        socket.write(told?.[1] ?? httpAnswer('200 OK', ['Content-Type: application/json'], '{}'), 'latin1');
      }
      answeredUpTo = said.text.lastIndexOf('\r\n\r\n') + 4;
    });
  });
  const socketPath = path.join(folder.path, 'docker.sock');
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    dockerHost: `unix://${socketPath}`,
    received: () =>
      heard
        .map(({ text }) => text)
        .filter((text) => !AGENTS_OWN.test(text))
        .join('\n'),
    answer: (target, bytes) => void answers.set(target, bytes),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of connections) socket.destroy();
      await closed;
      folder.remove();
    },
  };
}

/** A whole answer, of a known length. */
export function httpAnswer(status: string, headers: readonly string[], body: string): string {
  return [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}
