/** The live clients of bench/live.ts, in a process of their own, so that what they cost is not the server's. */
import { request } from 'node:https';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { serveParent } from './support/child.ts';

/** What came to all clients together since it was asked last. */
export interface LiveTally {
  readonly messages: number;
  readonly changes: number;
  readonly resets: number;
  readonly bytes: number;
  /** Of one client, the most messages within any second. */
  readonly mostASecond: number;
}

const { values } = parseArgs({ options: { url: { type: 'string' }, key: { type: 'string' }, ca: { type: 'string' }, clients: { type: 'string' }, transport: { type: 'string' } } });
const { url = '', key = '', ca = '', clients = '0', transport = 'event-stream' } = values;
const authorization = `Bearer ${key}`;
let tally = { messages: 0, changes: 0, resets: 0, bytes: 0 };
let secondsOf: Map<number, number>[] = [];

function took(client: number, text: string, bytes: number): void {
  tally.bytes += bytes;
  const { type, changes = [] } = JSON.parse(text) as { type: string; changes?: unknown[] };
  if (type === 'reset') tally.resets += 1;
  if (type !== 'change') return;
  tally.messages += 1;
  tally.changes += changes.length;
  const second = Math.floor(performance.now() / 1000);
  const mine = (secondsOf[client] ??= new Map());
  mine.set(second, (mine.get(second) ?? 0) + 1);
}

function eventStream(client: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const req = request(new URL('/api/v1/live', url), { ca, agent: false, headers: { authorization } }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => {
        resolve();
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) took(client, data, block.length + 2);
        }
      });
    });
    req.on('error', reject);
    req.end();
  });
}

function webSocket(client: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL('/api/v1/live', url.replace(/^https/, 'wss')), { ca, perMessageDeflate: false, headers: { authorization } });
    socket.on('open', () => resolve());
    socket.on('message', (data: Buffer) => took(client, data.toString(), data.length));
    socket.on('error', reject);
  });
}

const count = Number(clients);
for (let from = 0; from < count; from += 50) {
  await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, index) => (transport === 'web-socket' ? webSocket : eventStream)(from + index)));
}
serveParent(count, async () => {
  const answer: LiveTally = { ...tally, mostASecond: Math.max(0, ...secondsOf.flatMap((seconds) => [...seconds.values()])) };
  tally = { messages: 0, changes: 0, resets: 0, bytes: 0 };
  secondsOf = [];
  return answer;
});
