/** The names a certificate is made out to. */
import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** How this machine is reached without any configuration: localhost, its host name, and its interfaces' addresses. */
export function localNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const routable = addresses.filter((entry) => !entry.address.toLowerCase().startsWith('fe80:')).map((entry) => entry.address);
  return certificateNames(['localhost', '127.0.0.1', '::1', hostname(), ...routable]);
}

/** Names in one certificate, so that it stays small enough for every client. */
export const MOST_NAMES = 1000;

/**
 * DNS names and IP addresses in one spelling, each once; what a certificate can't name (no ASCII form, odd characters) is
 * left out.
 */
export function certificateNames(hosts: readonly string[]): readonly string[] {
  const names = hosts.map(certificateName).filter((name) => name !== undefined);
  return [...new Set(names)];
}

function certificateName(host: string): string | undefined {
  if (isIP(host) === 6) return new URL(`https://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  if (isIP(host) === 4) return host;
  const name = domainToASCII(host).toLowerCase().replace(/\.$/, '');
  return name.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.|$))+$/.test(name) ? name : undefined;
}
