/**
 * What a fleet costs: 15,000 agents polling over TLS, polls durable: CPU, memory, and bits at the interface, at intervals of 5 s and of 60 s;
 * from selecting an environment to its engine's first byte among them; and how they all come back when the server is restarted.
 * `npm run bench:fleet -- [--agents N] [--seconds S] [--profile FOLDER]`. Aims: 0.8 core; 400 bit/s an agent at 5 s and 100 bit/s at 60 s; at
 * most 250 connection attempts a second over any 5 s, none refused, all back within 75 s.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFleet } from '../agent/fleet/fleet.ts';
import type { Fleet, FleetFigures } from '../agent/fleet/fleet.ts';
import type { RestClient } from '../services/cli/rest/rest-client.ts';
import { createFleetEnvironments } from '../services/cli/simulation/fleet-environments.ts';
import type { FleetEnvironment } from '../services/cli/simulation/fleet-environments.ts';
import { signIn, startControlPlane } from './support/control-plane-process.ts';
import type { ControlPlaneProcess } from './support/control-plane-process.ts';
import { cpuSeconds } from './support/process-cpu.ts';
import { residentMiB } from './support/process-memory.ts';
import { describeMachine, printTable } from './support/report.ts';
import { quantile } from './support/statistics.ts';
import { tcpTraffic, trafficBetween } from './support/tcp-traffic.ts';
import type { TcpTraffic } from './support/tcp-traffic.ts';

const { values } = parseArgs({
  options: { agents: { type: 'string', default: '15000' }, seconds: { type: 'string', default: '120' }, selects: { type: 'string', default: '100' }, profile: { type: 'string' } },
});
const agents = Number(values.agents);
const seconds = Number(values.seconds);
const JOINS_PER_SECOND = 180;
const BACK_WITHIN_MS = 150_000;
/** After the last agent has joined: what the joining left behind is worked off. */
const SETTLE_MS = 15_000;

requireDescriptors(agents + 500);
const folder = await mkdtemp(join(tmpdir(), 'homeport-bench-fleet-'));
const dataDir = join(folder, 'data');
const execArgv = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const said = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

let server = await startControlPlane({ dataDir, execArgv });
let fleet: Fleet | undefined;
try {
  const client = await signIn(server);
  const emptyMiB = residentMiB(server.pid);
  const environments: FleetEnvironment[] = [];
  const made = performance.now();
  const progress = (): void => undefined;
  await createFleetEnvironments(client, { count: agents, prefix: 'bench', address: server.url.host, pollIntervalSeconds: undefined, tags: [], made: environments, progress, signal: AbortSignal.any([]) });
  said(`${String(agents)} environments made in ${((performance.now() - made) / 1000).toFixed(0)} s`);

  // Its idle connections to the same port would be probed by the kernel.
  client.transport.close();
  const joinMs = (agents / JOINS_PER_SECOND) * 1000;
  // The first snapshot of each is asked for at 20 a second: with 15,000 it is twelve minutes until one comes an hour, of about a kilobyte.
  fleet = await startFleet({ agents: environments.map((one) => ({ ...one, bringsSnapshots: false })), trust: { kind: 'authorities', caPem: server.caPem }, joinMs });
  const joined = await untilAllConnected(fleet, joinMs + BACK_WITHIN_MS);
  said(`all joined after ${joined.seconds.toFixed(0)} s`);
  await delay(SETTLE_MS);

  const often = await measure(fleet, server, 5);
  await client.call('PATCH', '/settings', { body: { pollIntervalSeconds: 60 } });
  client.transport.close();
  // From now on an agent's polls come at some moment of its minute.
  await delay(60_000 + SETTLE_MS);
  const seldom = await measure(fleet, server, 60);
  const selected = await select(client, environments, Number(values.selects));
  await client.call('PATCH', '/settings', { body: { pollIntervalSeconds: 5 } });
  await delay(SETTLE_MS);

  await fleet.figures();
  said('restarting the server');
  const restartedMs = performance.now();
  const watching = untilAllBack(fleet, restartedMs);
  await server.stop();
  const stoppedMs = performance.now();
  server = await startControlPlane({ dataDir, execArgv, httpsPort: server.httpsPort, tunnelPort: server.tunnelPort });
  const readyMs = performance.now();
  const back = await watching;
  await delay(SETTLE_MS);
  const afterMiB = residentMiB(server.pid);

  const seconds_ = (ms: number): number => Number((ms / 1000).toFixed(1));
  const restart = {
    stoppingSeconds: seconds_(stoppedMs - restartedMs),
    startingSeconds: seconds_(readyMs - stoppedMs),
    allBackSeconds: seconds_(back.backMs - readyMs),
    allBackSecondsFromTheFirstLoss: seconds_(back.backMs - back.lostMs),
    attemptsPerSecond: back.attemptsPerSecond,
    refused: back.refused,
    failed: back.failed,
    memoryMiB: afterMiB,
  };
  const selectMs = { p50: rounded(quantile(selected, 0.5)), p99: rounded(quantile(selected, 0.99)), of: selected.length };
  const result = { agents, emptyMiB, joined: { seconds: rounded(joined.seconds), attemptsPerSecond: joined.attemptsPerSecond }, often, seldom, selectMs, restart, machine: describeMachine() };

  printTable(
    ['', 'aim', 'measured'],
    [
      ['CPU at 5 s, cores', '0.8', often.cores],
      ['  a poll, µs, all threads in', '', often.cpuMicrosecondsPerPoll],
      ['  polls a second', '', often.pollsPerSecond],
      ['  poll to answer, ms: p50', '', often.pollMs.p50 ?? '-'],
      ['  p99', '', often.pollMs.p99 ?? '-'],
      ['bit/s an agent at 5 s', '400', often.bitsPerSecondPerAgent],
      ['CPU at 60 s, cores', '', seldom.cores],
      ['bit/s an agent at 60 s', '100', seldom.bitsPerSecondPerAgent],
      ['  from selecting to first byte, ms: p50', '30', selectMs.p50],
      ['  p99', '200', selectMs.p99],
      ['memory, MiB', '', often.memoryMiB],
      ['  with no agents', '', emptyMiB],
      ['restart: all back, s after it was ready', '75', restart.allBackSeconds],
      ['  s after the first was lost', '', restart.allBackSecondsFromTheFirstLoss],
      ['  attempts a second, over any 5 s', '250', restart.attemptsPerSecond],
      ['  refused', '0', Object.values(restart.refused).reduce((sum, count) => sum + count, 0)],
      ['  stopping, s', '', restart.stoppingSeconds],
      ['  starting, s', '', restart.startingSeconds],
    ],
  );
  console.log(JSON.stringify(result));
} finally {
  await fleet?.stop();
  await server.stop();
  await rm(folder, { recursive: true });
}

/** Resolves with the figures of the joining. */
async function untilAllConnected(one: Fleet, withinMs: number): Promise<FleetFigures> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const { total } = await one.figures();
    if (total.connected === agents) return total;
    if (performance.now() > untilMs) throw new Error(`only ${String(total.connected)} agents joined: ${JSON.stringify(total)}`);
    await delay(1000);
  }
}

interface Measured {
  readonly intervalSeconds: number;
  readonly seconds: number;
  readonly connected: number;
  readonly pollsPerSecond: number;
  readonly pollMs: FleetFigures['pollMs'];
  readonly refused: number;
  readonly failed: number;
  readonly cpuSeconds: number;
  readonly cores: number;
  readonly cpuMicrosecondsPerPoll: number;
  readonly bitsPerSecondPerAgent: number;
  readonly payloadBytesPerPoll: number;
  readonly segmentsPerPoll: number;
  readonly connections: number;
  readonly memoryMiB: number;
  /** Average of the last minute. */
  readonly load: number;
}

async function measure(one: Fleet, { pid, httpsPort }: ControlPlaneProcess, intervalSeconds: number): Promise<Measured> {
  await one.figures();
  const before = await moment(pid, httpsPort);
  await delay(seconds * 1000);
  const after = await moment(pid, httpsPort);
  const { period } = await one.figures();
  const spent = (after.atMs - before.atMs) / 1000;
  const cpu = after.cpuSeconds - before.cpuSeconds;
  const traffic = trafficBetween(before.traffic, after.traffic);
  const measured: Measured = {
    intervalSeconds,
    seconds: rounded(spent),
    connected: period.connected,
    pollsPerSecond: period.pollsPerSecond,
    pollMs: period.pollMs,
    refused: Object.values(period.refused).reduce((sum, count) => sum + count, 0),
    failed: Object.values(period.failed).reduce((sum, count) => sum + count, 0),
    cpuSeconds: rounded(cpu),
    cores: Number((cpu / spent).toFixed(3)),
    cpuMicrosecondsPerPoll: Math.round((cpu / period.polls) * 1e6),
    bitsPerSecondPerAgent: rounded((traffic.bytes * 8) / spent / traffic.connections),
    payloadBytesPerPoll: rounded(traffic.payloadBytes / period.polls),
    segmentsPerPoll: Number((traffic.segments / period.polls).toFixed(2)),
    connections: traffic.connections,
    memoryMiB: residentMiB(pid),
    load: describeMachine().loadAverage,
  };
  said(JSON.stringify(measured));
  return measured;
}

async function moment(pid: number, port: number): Promise<{ readonly atMs: number; readonly cpuSeconds: number; readonly traffic: TcpTraffic }> {
  const traffic = await tcpTraffic(port);
  return { atMs: performance.now(), cpuSeconds: cpuSeconds([pid]), traffic };
}

/** From selecting an environment to its engine's first byte, of so many, one after the other; in milliseconds. */
async function select(client: RestClient, environments: readonly FleetEnvironment[], count: number): Promise<number[]> {
  const step = Math.max(1, Math.floor(environments.length / count));
  const taken: number[] = [];
  for (const { id } of environments.filter((_, index) => index % step === 0).slice(0, count)) {
    const startedMs = performance.now();
    await client.call('POST', `/environments/${id}/connection`, { query: { waitSeconds: 10 } });
    await client.call('GET', `/environments/${id}/docker/version`);
    taken.push(performance.now() - startedMs);
    await client.call('DELETE', `/environments/${id}/connection`);
  }
  return taken;
}

/** Watches how they go and come back. */
async function untilAllBack(one: Fleet, sinceMs: number): Promise<{ readonly lostMs: number; readonly backMs: number; readonly attemptsPerSecond: number; readonly refused: Record<string, number>; readonly failed: Record<string, number> }> {
  const refused: Record<string, number> = {};
  const failed: Record<string, number> = {};
  let [attemptsPerSecond, lostMs] = [0, 0];
  for (;;) {
    await delay(500);
    const { period } = await one.figures();
    attemptsPerSecond = Math.max(attemptsPerSecond, period.attemptsPerSecond);
    for (const [counts, more] of [[refused, period.refused], [failed, period.failed]] as const) for (const [reason, count] of Object.entries(more)) counts[reason] = (counts[reason] ?? 0) + count;
    if (lostMs === 0 && period.connected < agents) lostMs = performance.now();
    if (lostMs !== 0 && period.connected === agents) return { lostMs, backMs: performance.now(), attemptsPerSecond, refused, failed };
    if (performance.now() > sinceMs + BACK_WITHIN_MS) throw new Error(`only ${String(period.connected)} agents came back: ${JSON.stringify({ refused, failed })}`);
  }
}

/** Node raises its own limit as far as it may. */
function requireDescriptors(needed: number): void {
  const report = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { readonly hard?: number | string } } };
  const limit = report.userLimits?.open_files?.hard;
  if (typeof limit !== 'number' || limit >= needed) return;
  console.error(`${String(needed)} file descriptors are needed and ${String(limit)} allowed: run \`ulimit -n ${String(needed)}\` first (as root), or ask for fewer --agents.`);
  process.exit(2);
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}
