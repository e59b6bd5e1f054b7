/** Checks what people write into an environment. */
import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../../proto/host-port.ts';
import { ApplicationError } from './ports/application-error.ts';

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u;
const hostPattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** The name without surrounding blanks. Throws invalid-name. */
export function checkName(name: string): string {
  const trimmed = name.trim().normalize('NFC');
  if (trimmed.length === 0 || trimmed.length > 64 || !namePattern.test(trimmed)) {
    throw new ApplicationError('invalid-name', 'a name has 1 to 64 letters, digits, blanks, dots, dashes and underscores, and begins with a letter or digit', { pointer: '/name' });
  }
  return trimmed;
}

/** `host:port` in lower case, IPv6 in brackets. Throws invalid-address, and loopback-address unless allowed. */
export function checkAddress(address: string, options: { readonly pointer: string; readonly allowLoopback: boolean }): string {
  const { pointer, allowLoopback } = options;
  const { host, port } = splitAddress(address.trim().toLowerCase());
  const portNumber = Number(port);
  const isHost = host !== undefined && (isIP(host) !== 0 || (hostPattern.test(host) && !/^[\d.]+$/.test(host)));
  if (!isHost || !Number.isInteger(portNumber) || portNumber < 1 || portNumber > 65_535) {
    throw new ApplicationError('invalid-address', 'an address is HOST:PORT, such as homeport.example.com:9443; IPv6 addresses stand in brackets', { pointer });
  }
  if (!allowLoopback && leadsNowhereElse(host)) {
    throw new ApplicationError('loopback-address', 'agents on other machines cannot reach a loopback address; give the address they can call, or allow loopback', { pointer });
  }
  return isIP(host) === 6 ? `[${host}]:${port ?? ''}` : `${host}:${port ?? ''}`;
}

/** The host of a checked address, without brackets. */
export function hostOf(address: string): string {
  return splitAddress(address).host ?? '';
}

/** Up to 32 distinct tags of 1 to 64 characters, in order. Throws invalid-tags. */
export function checkTags(tags: readonly string[]): readonly string[] {
  const trimmed = [...new Set(tags.map((tag) => tag.trim()))];
  if (trimmed.length > 32 || trimmed.some((tag) => tag.length === 0 || tag.length > 64 || /[\p{C},]/u.test(tag))) {
    throw new ApplicationError('invalid-tags', 'up to 32 tags of 1 to 64 characters, without commas', { pointer: '/tags' });
  }
  return trimmed.sort();
}

/** Whole seconds from 1 to 86,400, or null. Throws invalid-poll-interval. */
export function checkPollInterval(seconds: number | null): number | null {
  if (seconds !== null && (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400)) {
    throw new ApplicationError('invalid-poll-interval', 'a poll interval is 1 to 86400 whole seconds, or null to follow the settings', { pointer: '/pollIntervalSeconds' });
  }
  return seconds;
}

function splitAddress(address: string): { readonly host: string | undefined; readonly port: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  return { host: bracketed === undefined ? plain : isIP(bracketed) === 6 ? bracketed : undefined, port };
}

/** Which connections to a machine's loopback reach as well. */
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addAddress('0.0.0.0', 'ipv4');
UNSPECIFIED.addAddress('::', 'ipv6');

function leadsNowhereElse(host: string): boolean {
  const family = isIP(host);
  return isLoopbackHost(host) || (family !== 0 && UNSPECIFIED.check(host, family === 4 ? 'ipv4' : 'ipv6'));
}
