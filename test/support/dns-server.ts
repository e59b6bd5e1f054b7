/** A DNS server that a test decides: A records, no others, none to be kept. And how a process is made to ask it alone. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { realPart } from './real-parts.ts';

export interface DnsServer {
  /** The addresses of each name, in the order in which they are told; changed at will. */
  readonly records: Map<string, readonly string[]>;
  /** How often a name was asked for. */
  asked(name: string): number;
  close(): Promise<void>;
}

/** Starts it on port 53 of an address of loopback, which takes root. */
export async function startDnsServer(address: string): Promise<DnsServer> {
  const records = new Map<string, readonly string[]>();
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const { name, type, end } = question(message);
    if (type === A) asked.set(name, (asked.get(name) ?? 0) + 1);
    const found = records.get(name);
    const answers = type === A ? (found ?? []).map(answerOf) : [];
    const header = Buffer.from(message.subarray(0, 12));
    // A response, recursion offered; 3 is NXDOMAIN.
    header.writeUInt16BE(0x8180 | (found === undefined ? 3 : 0), 2);
    header.writeUInt16BE(answers.length, 6);
    header.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([header, message.subarray(12, end), ...answers]), peer.port, peer.address);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return {
    records,
    asked: (name) => asked.get(name) ?? 0,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/**
 * A command that runs another with this server as the only one its C library knows: in a mount namespace of its own, whose
 * resolv.conf is another. The process that is started is the command itself.
 */
export function askingOnly(address: string, folder: string, command: readonly string[]): readonly [program: string, ...args: string[]] {
  const [resolver, order] = [path.join(folder, 'resolv.conf'), path.join(folder, 'nsswitch.conf')];
  writeFileSync(resolver, `nameserver ${address}\noptions timeout:1\n`);
  writeFileSync(order, 'hosts: files dns\n');
  const script = `mount --bind '${resolver}' /etc/resolv.conf && mount --bind '${order}' /etc/nsswitch.conf && exec "$@"`;
  return [realPart('unshare'), '--mount', 'sh', '-c', script, 'sh', ...command];
}

const A = 1;

function question(message: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** The name is the question's; an address may be kept for 0 s. */
function answerOf(address: string): Buffer {
  return Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
}
