/**
 * Bytes through a tunnel, against OpenSSH's `-R` in the same run: MB/s, MB per CPU-second (both ends), and the round trip of a
 * keystroke beside the transfer. `node bench/tunnel.ts [--rounds 5] [--mib 512] [--echo-seconds 3] [--only loopback|delay]
 * [--json FILE] [--profile FOLDER] [--v8 FLAGS] [--without-ssh]`. The far ends are a plain TCP port and a Unix socket on both sides of the comparison.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startChild, type BenchChild } from './support/child.ts';
import { startSshServer } from './support/open-ssh.ts';
import { cpuSeconds } from './support/process-cpu.ts';
import { describeMachine, printTable } from './support/report.ts';
import { median, quantile } from './support/statistics.ts';
import type { EchoAnswer, LoadQuestion, TransferAnswer } from './tunnel-load.ts';

const ROUND_TRIP_MS = 20;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    mib: { type: 'string', default: '512' },
    'echo-seconds': { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
    v8: { type: 'string', default: '' },
    'without-ssh': { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const bytes = Number(flags.mib) * 1024 * 1024;

/** One tunnel to measure: where its client connects, and whose CPU counts. */
interface Contestant {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
}

interface Sample {
  readonly megabytesPerSecond: number;
  readonly megabytesPerCpuSecond: number;
}

interface Measured {
  readonly link: string;
  readonly direction: 'down' | 'up';
  readonly contestant: string;
  readonly samples: Sample[];
  readonly echoMs: number[];
  /** MB/s of the bulk beside the keystrokes. */
  readonly beside: number[];
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'homeport-bench-'));
const socketPath = path.join(folder, 'target.sock');
const stops: (() => Promise<void>)[] = [];

async function child(file: string, args: readonly string[] = [], measured = false): Promise<{ child: BenchChild; ready: unknown }> {
  const execArgv = measured ? flags.v8.split(' ').filter((flag) => flag !== '') : [];
  if (measured && flags.profile !== undefined) execArgv.push('--cpu-prof', '--cpu-prof-dir', flags.profile);
  const started = await startChild(new URL(file, import.meta.url), args, execArgv);
  stops.push(() => started.child.stop());
  return started;
}

async function measureTransfer(load: BenchChild, contestant: Contestant, direction: 'down' | 'up'): Promise<Sample> {
  const before = cpuSeconds(contestant.pids);
  const { seconds } = await load.ask<TransferAnswer>({ do: 'transfer', direction, port: contestant.port, bytes } satisfies LoadQuestion);
  const cpu = cpuSeconds(contestant.pids) - before;
  return { megabytesPerSecond: bytes / 1e6 / seconds, megabytesPerCpuSecond: bytes / 1e6 / cpu };
}

async function run(): Promise<void> {
  const { child: load } = await child('./tunnel-load.ts', [socketPath]);
  const { child: controlPlane, ready } = await child('./tunnel-control-plane.ts', [], true);
  const { tunnelPort, cert } = ready as { tunnelPort: number; cert: string };
  const ssh = flags['without-ssh'] ? undefined : await startSshServer();
  if (ssh !== undefined) stops.push(() => ssh.stop());
  else console.log('Without OpenSSH: its server is not installed (Debian: apt-get install openssh-server), or was not asked for.');

  const links: { readonly name: string; readonly contestants: Contestant[] }[] = [];
  for (const name of ['loopback', 'delay']) {
    if (flags.only !== undefined && flags.only !== name) continue;
    const via = async (port: number): Promise<number> => {
      if (name === 'loopback') return port;
      const relay = await child('./support/delay-relay.ts', [String(port), String(ROUND_TRIP_MS / 2)]);
      return (relay.ready as { port: number }).port;
    };
    const agent = await child('./tunnel-agent.ts', [name, String(await via(tunnelPort)), socketPath, cert], true);
    const contestants = [{ name: 'homeport', port: await controlPlane.ask<number>(name), pids: [controlPlane.pid, agent.child.pid] }];
    if (ssh !== undefined) {
      const tunnel = await ssh.openTunnel(await via(ssh.port), socketPath);
      stops.push(() => tunnel.stop());
      contestants.push({ name: 'OpenSSH', port: tunnel.port, pids: [ssh.pid, tunnel.pid] });
    }
    links.push({ name: name === 'loopback' ? name : `${ROUND_TRIP_MS} ms`, contestants });
  }

  const machine = describeMachine();
  const measured = new Map<string, Measured>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name: link, contestants } of links) {
      for (const direction of ['down', 'up'] as const) {
        for (const contestant of contestants) {
          const sample = await measureTransfer(load, contestant, direction);
          // The first round warms up.
          if (round === 0) continue;
          const key = `${link} ${direction} ${contestant.name}`;
          const entry = measured.get(key) ?? { link, direction, contestant: contestant.name, samples: [], echoMs: [], beside: [] };
          measured.set(key, entry);
          entry.samples.push(sample);
          const seconds = Number(flags['echo-seconds']);
          if (seconds === 0) continue;
          const answer = await load.ask<EchoAnswer>({ do: 'echo', direction, port: contestant.port, seconds } satisfies LoadQuestion);
          entry.echoMs.push(...answer.roundTripsMs);
          entry.beside.push(answer.bulkBytes / 1e6 / seconds);
        }
      }
    }
  }
  report(machine, [...measured.values()], ssh?.version);
}

function report(machine: ReturnType<typeof describeMachine>, measured: readonly Measured[], sshVersion: string | undefined): void {
  const results = measured.map(({ link, direction, contestant, samples, echoMs, beside }) => ({
    link,
    direction: direction === 'down' ? 'agent → control plane' : 'control plane → agent',
    contestant,
    megabytesPerSecond: median(samples.map((sample) => sample.megabytesPerSecond)),
    megabytesPerCpuSecond: median(samples.map((sample) => sample.megabytesPerCpuSecond)),
    echoP50Ms: quantile(echoMs, 0.5),
    echoP99Ms: quantile(echoMs, 0.99),
    megabytesPerSecondBesideEcho: median(beside),
  }));
  const ratios = results
    .filter(({ contestant }) => contestant === 'homeport')
    .flatMap((ours) => {
      const theirs = results.find(({ link, direction, contestant }) => contestant !== 'homeport' && link === ours.link && direction === ours.direction);
      if (theirs === undefined) return [];
      return [
        {
          link: ours.link,
          direction: ours.direction,
          speed: ours.megabytesPerSecond / theirs.megabytesPerSecond,
          cpu: ours.megabytesPerCpuSecond / theirs.megabytesPerCpuSecond,
          echoP99: ours.echoP99Ms / theirs.echoP99Ms,
        },
      ];
    });
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}, load ${machine.loadAverage.toFixed(2)} → ${(os.loadavg()[0] ?? 0).toFixed(2)}`);
  if (sshVersion !== undefined) console.log(sshVersion);
  printTable(
    ['link', 'direction', '', 'MB/s', 'MB/CPU-s', 'echo p50 ms', 'echo p99 ms', 'MB/s beside'],
    results.map((row) => [row.link, row.direction, row.contestant, row.megabytesPerSecond, row.megabytesPerCpuSecond, row.echoP50Ms, row.echoP99Ms, row.megabytesPerSecondBesideEcho]),
  );
  if (ratios.length > 0) {
    console.log('\nhomeport ÷ OpenSSH (aims: CPU at least 1.2, MB/s at 20 ms at least 0.9)');
    printTable(
      ['link', 'direction', 'MB/s', 'MB/CPU-s', 'echo p99'],
      ratios.map((row) => [row.link, row.direction, row.speed, row.cpu, row.echoP99]),
    );
  }
  const json = JSON.stringify({ bench: 'tunnel', at: new Date().toISOString(), machine, openSsh: sshVersion ?? null, rounds, bytes, results, ratios });
  if (flags.json === undefined) console.log(json);
  else writeFileSync(flags.json, `${json}\n`);
}

try {
  await run();
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
}
