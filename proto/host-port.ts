/** Addresses as agents call them: a host and a port. */
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Where to connect. `host` is a DNS name or an IP address, IPv6 without brackets. */
export interface HostPort {
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
}

const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/;

/** Reads `host:port`, IPv6 in brackets. Returns undefined for anything else, also where the port is missing. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  return plain !== undefined && HOST_NAME.test(plain) ? { host: plain, port } : undefined;
}

/** The inverse of {@link parseHostPort}. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address is found in IPv6 too (::ffff:127.0.0.1). */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host is the machine's own loopback, which nothing else reaches: a name, or an IP address in any of its forms, IPv6 without brackets. */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost');
}
