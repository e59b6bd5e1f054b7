/** Which addresses are reached without the proxy: NO_PROXY. */
import { BlockList, isIP } from 'node:net';
import type { HostPort } from '../../proto/host-port.ts';

/**
 * Whether a NO_PROXY list names an address. Its entries, separated by commas or blanks: `*`; a domain, which stands for itself and all
 * below it, with or without a leading dot; an IP address; a network such as 10.0.0.0/8; each with an optional port.
 */
export function isProxyBypassed(noProxy: string, { host, port }: HostPort): boolean {
  const entries = noProxy.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => entry !== '' && matches(entry, host.toLowerCase(), port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [network, bits] = entry.split('/');
  if (bits !== undefined) return isInNetwork(network ?? '', Number(bits), host);
  if (isIP(entry) !== 0) return entry === host;
  const match = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  const name = (match?.[1] ?? match?.[2] ?? '').replace(/^\*?\./, '');
  if (name === '' || (match?.[3] !== undefined && Number(match[3]) !== port)) return false;
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInNetwork(network: string, bits: number, host: string): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(host) !== isIP(network)) return false;
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}
