/** The CPU time of processes, as the kernel counts it: the same measure for ours and for others. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of USER_HZ, which is 100 on every Linux that Node runs on. */
const TICK_SECONDS = 0.01;

/** CPU seconds (user and system, all threads) of the processes and of all their living descendants. */
export function cpuSeconds(pids: readonly number[]): number {
  const stats = allStats();
  let seconds = 0;
  const counted = new Set<number>();
  const queue = [...pids];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (counted.has(pid)) continue;
    counted.add(pid);
    for (const stat of stats) {
      if (stat.pid === pid) seconds += stat.ticks * TICK_SECONDS;
      if (stat.parent === pid) queue.push(stat.pid);
    }
  }
  return seconds;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function allStats(): Stat[] {
  const stats: Stat[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name in brackets may contain anything; fields are counted after it.
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
      stats.push({ pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It ended meanwhile.
    }
  }
  return stats;
}
