/**
 * What a poll costs the control plane: 2,000 agents, in processes of their own, polling every second over TLS; polls durable
 * and folded. `node bench/polls.ts [--agents N] [--seconds S]`. Aim: at most 250 µs of CPU a poll, everything in.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { FleetCount, FleetOrder } from './polls-fleet.ts';

const { values } = parseArgs({
  options: { agents: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '30' }, interval: { type: 'string', default: '1000' }, profile: { type: 'string' } },
});
const agentCount = Number(values.agents);
const seconds = Number(values.seconds);
const intervalMs = Number(values.interval);
const fleets = 2;

interface Ready {
  readonly url: string;
  readonly admin: { readonly username: string; readonly password: string };
}

const dataDir = await mkdtemp(join(tmpdir(), 'homeport-bench-polls-'));
const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const cli = new URL('../services/cli/main.ts', import.meta.url).pathname;
const server = spawn(process.execPath, [...profile, cli, 'serve', '--data-dir', dataDir, '--host', '127.0.0.1', '--https-port', '0', '--tunnel-port', '0', '--log-level', 'warn'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const children: ChildProcess[] = [];

try {
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as Ready;
  const ca = readFileSync(join(dataDir, 'tls', 'ca.pem'));

  const call = (method: string, path: string, body: unknown, headers: Record<string, string>): Promise<{ body: unknown; cookie: string }> =>
    new Promise((resolve, reject) => {
      const req = request(new URL(path, ready.url), { method, ca, headers: { 'content-type': 'application/json', ...headers } }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part: string) => (text += part));
        res.on('end', () => {
          if ((res.statusCode ?? 500) >= 300) reject(new Error(`${path}: ${String(res.statusCode)} ${text}`));
          else resolve({ body: JSON.parse(text), cookie: (res.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ') });
        });
      });
      req.on('error', reject);
      req.end(JSON.stringify(body));
    });

  const { cookie } = await call('POST', '/api/v1/sessions', ready.admin, {});
  const asAdmin = { cookie, 'x-homeport-csrf': '1' };
  const agents: { joinToken: string; edgeId: string }[] = [];
  const address = new URL(ready.url).host;
  for (let index = 0; index < agentCount; index += 20) {
    const batch = Array.from({ length: Math.min(20, agentCount - index) }, async (_, offset) => {
      const { body } = await call('POST', '/api/v1/environments', { name: `bench ${String(index + offset)}`, address, allowLoopback: true }, asAdmin);
      const { joinToken, issuedEdgeId } = body as { joinToken: string; issuedEdgeId: string };
      agents.push({ joinToken, edgeId: issuedEdgeId });
    });
    await Promise.all(batch);
  }
  console.error(`${String(agents.length)} environments made`);

  for (let index = 0; index < fleets; index++) {
    const child = fork(new URL('./polls-fleet.ts', import.meta.url).pathname);
    children.push(child);
    const order: FleetOrder = { caFile: join(dataDir, 'tls', 'ca.pem'), address, agents: agents.filter((_, at) => at % fleets === index), intervalMs, joinMs: Math.max(5000, agentCount * 5) };
    child.send(order);
  }
  await delay(Math.max(5000, agentCount * 5) + 5000);

  const before = await measure();
  await delay(seconds * 1000);
  const after = await measure();
  const polls = after.count.answers - before.count.answers;
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const result = {
    agents: agentCount,
    intervalMs,
    seconds: (after.atMs - before.atMs) / 1000,
    connected: after.count.connected,
    failures: after.count.failures,
    pollsPerSecond: Math.round(polls / ((after.atMs - before.atMs) / 1000)),
    confirmedPerSecond: Math.round((after.count.confirmed - before.count.confirmed) / ((after.atMs - before.atMs) / 1000)),
    cpuMicrosecondsPerPoll: Math.round((cpuSeconds / polls) * 1e6),
    cores: Number((cpuSeconds / ((after.atMs - before.atMs) / 1000)).toFixed(3)),
    serverMemoryMiB: Math.round(after.rssBytes / 2 ** 20),
    aimMicroseconds: 250,
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg().map((one) => Number(one.toFixed(2))) },
  };
  console.table([{ agents: result.agents, 'polls/s': result.pollsPerSecond, 'µs CPU/poll': result.cpuMicrosecondsPerPoll, cores: result.cores, 'memory MiB': result.serverMemoryMiB, failures: result.failures }]);
  console.log(JSON.stringify(result));
} finally {
  for (const child of children) child.disconnect();
  server.kill('SIGTERM');
  await once(server, 'exit');
  await rm(dataDir, { recursive: true });
}

/** The server's CPU time over all its threads, its memory, and what the fleets have counted. */
async function measure(): Promise<{ atMs: number; cpuSeconds: number; rssBytes: number; count: FleetCount }> {
  const counts = await Promise.all(
    children.map(async (child) => {
      child.send('count');
      const [count] = (await once(child, 'message')) as [FleetCount];
      return count;
    }),
  );
  const sum = (pick: (count: FleetCount) => number) => counts.reduce((total, count) => total + pick(count), 0);
  const fields = readFileSync(`/proc/${String(server.pid)}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  const ticksPerSecond = 100;
  const pageBytes = 4096;
  return {
    atMs: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssBytes: Number(fields[21]) * pageBytes,
    count: {
      connected: sum(({ connected }) => connected),
      polls: sum((count) => count.polls),
      answers: sum((count) => count.answers),
      failures: sum((count) => count.failures),
      confirmed: sum((count) => count.confirmed),
    },
  };
}
