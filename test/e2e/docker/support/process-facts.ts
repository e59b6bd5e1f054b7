/** What the kernel says about a process: its memory, what it has read, and what it listens on. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** Resident memory, in bytes. Throws where the process has gone. */
export function residentBytes(pid: number): number {
  return kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), /^VmRSS:\s+(\d+) kB$/m);
}

/** Bytes it has read so far, from files and sockets alike. */
export function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** The TCP ports it listens on, IPv4 and IPv6, in order. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = new Set(openSockets(pid));
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1));
  const listening = rows.map((row) => row.trim().split(/\s+/)).filter((columns) => columns[3] === LISTEN && inodes.has(columns[9] ?? ''));
  return listening.map((columns) => Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)).sort((a, b) => a - b);
}

/** The inodes of its sockets. A descriptor may close while we look. */
function openSockets(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    } catch {
      return [];
    }
  });
}

function kilobytes(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1]) * 1024;
}

/** Watches how far a process's memory grows over what it is now. */
export interface MemoryWatch {
  /** The most it grew, in bytes. */
  stop(): number;
}

/** Stops by itself when the process has gone. */
export function watchMemory(pid: number): MemoryWatch {
  const before = residentBytes(pid);
  let most = before;
  const look = (): void => {
    try {
      most = Math.max(most, residentBytes(pid));
    } catch {
      // It has gone: a test that failed, or is over.
      clearInterval(timer);
    }
  };
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      look();
      return most - before;
    },
  };
}
