/** A process's memory, as the kernel counts it. Linux only. */
import { readFileSync } from 'node:fs';

/** Resident, all threads in, in MiB. */
export function residentMiB(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024);
}
