/** What an engine's figures of a container come to, as `docker stats` reckons it. */

interface CpuStats {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** Of the Docker API's /containers/ID/stats. */
export interface ApiStats {
  readonly read?: string;
  readonly cpu_stats?: CpuStats;
  readonly precpu_stats?: CpuStats;
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>>;
  readonly blkio_stats?: { readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null };
  readonly pids_stats?: { readonly current?: number };
}

/** At one instant; null where the engine does not say. Bytes since the container began. */
export interface Figures {
  readonly atMs: number;
  /** Of one processor: 200 is two of them. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  /** Since the container began. */
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  readonly processes: number | null;
}

/** @param nowMs when they came, by the server's clock */
export function figuresOf(stats: ApiStats, nowMs: number): Figures {
  const { usage, limit, stats: parts = {} } = stats.memory_stats ?? {};
  // What the kernel would give back at once is not the container's need; named so by cgroups v2 and v1.
  const reclaimable = parts['inactive_file'] ?? parts['total_inactive_file'] ?? 0;
  const networks = Object.values(stats.networks ?? {});
  const io = stats.blkio_stats?.io_service_bytes_recursive ?? [];
  const sum = (values: readonly (number | undefined)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const ofOp = (wanted: string): number => sum(io.filter(({ op }) => op.toLowerCase() === wanted).map(({ value }) => value));
  return {
    atMs: nowMs,
    cpuPercent: cpuPercent(stats),
    memoryBytes: usage === undefined ? null : Math.max(0, usage - reclaimable),
    memoryLimitBytes: limit ?? null,
    received: sum(networks.map(({ rx_bytes }) => rx_bytes)),
    sent: sum(networks.map(({ tx_bytes }) => tx_bytes)),
    read: ofOp('read'),
    written: ofOp('write'),
    processes: stats.pids_stats?.current ?? null,
  };
}

/** Null for the first sample, which has nothing to be compared with. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ApiStats): number | null {
  const used = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const passed = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  if (before?.system_cpu_usage === undefined || passed <= 0 || used < 0) return null;
  return (used / passed) * (now?.online_cpus ?? now?.cpu_usage?.percpu_usage?.length ?? 1) * 100;
}

/** Bytes a second between two samples. */
export function rate(now: Figures, before: Figures | undefined, figure: 'received' | 'sent' | 'read' | 'written'): number | null {
  if (before === undefined || now.atMs <= before.atMs) return null;
  return Math.max(0, ((now[figure] - before[figure]) * 1000) / (now.atMs - before.atMs));
}
