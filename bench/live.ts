/**
 * What live clients cost the server: 1,000 at 100 changes a second, against the same changes without any.
 * `node bench/live.ts [--clients N] [--changes N] [--seconds S] [--transport event-stream|web-socket]`. Aim: at most 0.2 core.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RestClient } from '../services/cli/rest/rest-client.ts';
import type { LiveTally } from './live-clients.ts';
import { startChild } from './support/child.ts';
import { signIn, startControlPlane } from './support/control-plane-process.ts';
import { cpuSeconds } from './support/process-cpu.ts';
import { residentMiB } from './support/process-memory.ts';
import { describeMachine, printTable } from './support/report.ts';
import { quantile } from './support/statistics.ts';

const AIM_CORE = 0.2;
const ENVIRONMENTS = 200;

const { values } = parseArgs({
  options: { clients: { type: 'string', default: '1000' }, changes: { type: 'string', default: '100' }, seconds: { type: 'string', default: '20' }, transport: { type: 'string', default: 'event-stream' } },
});
const clients = Number(values.clients);
const changesPerSecond = Number(values.changes);
const seconds = Number(values.seconds);

const dataDir = await mkdtemp(join(tmpdir(), 'homeport-bench-live-'));
const server = await startControlPlane({ dataDir });
const rest = await signIn(server);
let child: Awaited<ReturnType<typeof startChild>>['child'] | undefined;
try {
  const ids: string[] = [];
  for (let index = 0; index < ENVIRONMENTS; index += 1) {
    const { body } = await rest.call('POST', '/environments', { body: { name: `site-${index}`, address: server.url.host, allowLoopback: true } });
    ids.push((body as { id: string }).id);
  }
  let made = 0;

  /** Makes changes at the pace, and measures. */
  async function measure(): Promise<{ readonly core: number; readonly made: number; readonly lateMs: readonly number[] }> {
    const before = cpuSeconds([server.pid]);
    const startedMs = performance.now();
    const madeBefore = made;
    const lateMs: number[] = [];
    const under: Promise<unknown>[] = [];
    while (performance.now() - startedMs < seconds * 1000) {
      const due = Math.floor(((performance.now() - startedMs) / 1000) * changesPerSecond) - (made - madeBefore);
      for (let index = 0; index < due; index += 1) {
        const askedMs = performance.now();
        under.push(change(rest, ids[made % ENVIRONMENTS] ?? '', made).then(() => lateMs.push(performance.now() - askedMs)));
        made += 1;
      }
      await delay(10);
    }
    await Promise.all(under);
    return { core: (cpuSeconds([server.pid]) - before) / ((performance.now() - startedMs) / 1000), made: made - madeBefore, lateMs };
  }

  await measure();
  const without = await measure();
  const memoryWithout = residentMiB(server.pid);
  const args = ['--url', server.url.href, '--key', rest.authorization['authorization']?.slice('Bearer '.length) ?? '', `--ca=${server.caPem}`, '--clients', String(clients), '--transport', values.transport];
  ({ child } = await startChild(new URL('./live-clients.ts', import.meta.url), args));
  await delay(2_000);
  await child.ask<LiveTally>('begin');
  const withClients = await measure();
  await delay(500);
  const { messages, changes, resets, bytes, mostASecond } = await child.ask<LiveTally>('tally');
  const memoryWith = residentMiB(server.pid);

  const cost = withClients.core - without.core;
  const p99 = (lateMs: readonly number[]): number => quantile(lateMs, 0.99);
  printTable(
    ['', 'without', `with ${clients} clients`],
    [
      ['changes made', without.made, withClients.made],
      ['server CPU, cores', without.core, withClients.core],
      ['a change answered, p99 ms', p99(without.lateMs), p99(withClients.lateMs)],
      ['server memory, MiB', memoryWithout, memoryWith],
    ],
  );
  console.log(`live clients cost ${cost.toFixed(3)} core (aim ${AIM_CORE})`);
  console.log(`each client was told ${(changes / clients).toFixed(0)} of ${withClients.made} changes in ${(messages / clients / seconds).toFixed(2)} messages a second, ${mostASecond} at most; ${resets} resets; ${(bytes / clients / seconds / 1024).toFixed(1)} KiB/s`);
  console.log(JSON.stringify({ bench: 'live', ...describeMachine(), clients, transport: values.transport, changesPerSecond, seconds, coreWithout: without.core, coreWith: withClients.core, cost, messages, changes, resets, bytes, mostASecond, memoryWithout, memoryWith }));
} finally {
  await child?.stop();
  rest.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function change(client: RestClient, id: string, count: number): Promise<unknown> {
  return client.call('PATCH', `/environments/${id}`, { body: { pollIntervalSeconds: 5 + (Math.floor(count / ENVIRONMENTS) % 1000) } });
}
