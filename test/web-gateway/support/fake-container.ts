/** An engine with one container, as far as WebSockets ask of it: inspect, exec, attach, logs and stats; and its events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { startHttpEngine, type FakeEngine } from './fake-engine.ts';

export interface FakeContainer extends FakeEngine {
  /** What was asked, with the bodies. */
  readonly asked: { readonly method: string; readonly url: string; readonly body: unknown }[];
  /** Whether the container has a terminal. */
  tty: boolean;
  isRunning: boolean;
  exitCode: number;
  /** What becomes of a raw connection (exec or attach) once it is one. */
  onStream: (channel: Duplex) => void;
  /** The answer to logs, stats and events. */
  output: (answer: ServerResponse) => void;
}

/** As engines frame output where there is no terminal. */
export function frame(stream: number, said: string | Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(said), 4);
  return Buffer.concat([header, Buffer.from(said)]);
}

export async function startFakeContainer(path: string): Promise<FakeContainer> {
  const asked: FakeContainer['asked'] = [];
  async function noted({ method = '', url = '' }: IncomingMessage, body: Promise<string>): Promise<void> {
    const said = await body;
    asked.push({ method, url, body: said === '' ? undefined : (JSON.parse(said) as unknown) });
  }
  const engine = await startHttpEngine(
    path,
    (req, res) => {
      const { method, url = '' } = req;
      void noted(req, text(req)).then(() => {
        const json = (status: number, value?: object): void => {
          res.writeHead(status, { 'content-type': 'application/json' });
          res.end(value === undefined ? undefined : JSON.stringify(value));
        };
        if (!url.startsWith('/exec/') && !url.startsWith('/events?') && !/^\/containers\/c1(?=\/)/.test(url)) return json(404, { message: 'No such container: it' });
        if (url.endsWith('/containers/c1/json')) return json(200, { Config: { Tty: container.tty }, State: { Running: container.isRunning, ExitCode: container.exitCode } });
        if (url.includes('/resize?')) return json(200);
        if (method === 'POST' && url.endsWith('/exec')) return container.isRunning ? json(201, { Id: 'abc123' }) : json(409, { message: 'container c1 is not running' });
        if (url.endsWith('/exec/abc123/json')) return json(200, { Running: false, ExitCode: container.exitCode });
        res.writeHead(200, { 'content-type': 'application/octet-stream' });
        res.flushHeaders();
        container.output(res);
      });
    },
    (req, channel, head) => {
      if (head.length > 0) channel.unshift(head);
      const length = Number(req.headers['content-length'] ?? 0);
      // The body of an upgrade request comes raw.
      const body = new Promise<string>((resolve) => {
        const take = (): void => {
          const read: unknown = length === 0 ? Buffer.alloc(0) : channel.read(length);
          if (!Buffer.isBuffer(read)) return;
          channel.removeListener('readable', take);
          resolve(read.toString());
        };
        channel.on('readable', take);
        take();
      });
      channel.on('error', () => undefined);
      void noted(req, body).then(() => {
        channel.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
        container.onStream(channel);
      });
    },
  );
  const container: FakeContainer = {
    ...engine,
    asked,
    tty: true,
    isRunning: true,
    exitCode: 0,
    onStream: (channel) => channel.pipe(channel),
    output: (answer) => void answer.end(),
  };
  return container;
}
