/** What the connections of a port have carried, with TCP's and IP's headers, as the kernel counts it for each socket. Linux, with `ss` of iproute2. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** IPv4's header of 20 bytes and TCP's of 32, with timestamps: those of every segment once a connection stands. */
const HEADER_BYTES = 52;

/** What one connection has carried since it was opened. */
interface Carried {
  /** What TCP carried, both ways. */
  readonly payloadBytes: number;
  /** Both ways, pure acknowledgements too. */
  readonly segments: number;
}

/** The server's ends of the connections to a port, by their other ends. */
export type TcpTraffic = ReadonlyMap<string, Carried>;

export interface TrafficBetween {
  readonly connections: number;
  readonly payloadBytes: number;
  readonly segments: number;
  /** With the headers of IPv4 and TCP. */
  readonly bytes: number;
}

const run = promisify(execFile);

/** Looks at the connections to a port. Unlike an interface's counters it holds nothing of what else the machine does. */
export async function tcpTraffic(port: number): Promise<TcpTraffic> {
  const { stdout } = await run('ss', ['-tinHO', 'state', 'established', `( sport = :${String(port)} )`], { maxBuffer: 2 ** 28 });
  const found = new Map<string, Carried>();
  for (const line of stdout.split('\n')) {
    const [, , , peer] = line.trim().split(/\s+/);
    if (peer === undefined) continue;
    const field = (name: string): number => Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0);
    found.set(peer, { payloadBytes: field('bytes_sent') + field('bytes_received'), segments: field('segs_out') + field('segs_in') });
  }
  return found;
}

/** What those connections carried that were there at both looks. */
export function trafficBetween(before: TcpTraffic, after: TcpTraffic): TrafficBetween {
  let [connections, payloadBytes, segments] = [0, 0, 0];
  for (const [peer, now] of after) {
    const then = before.get(peer);
    if (then === undefined) continue;
    connections++;
    payloadBytes += now.payloadBytes - then.payloadBytes;
    segments += now.segments - then.segments;
  }
  return { connections, payloadBytes, segments, bytes: payloadBytes + HEADER_BYTES * segments };
}
