/** What may keep agents from an address that is well written: said when it is given, and refused never. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostOf } from './environment-input.ts';

/** How long a name may take to resolve before nothing is said about it, in milliseconds. */
const LOOKUP_MS = 2000;

export type AddressHintCode = 'does-not-resolve' | 'private-address' | 'both-ports';

export interface AddressHint {
  readonly code: AddressHintCode;
  /** A sentence for whoever gave the address. */
  readonly detail: string;
}

/** Finds a host's IP addresses; rejects with the system's error, such as ENOTFOUND. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** As this machine's programs do. */
export const resolveHost: ResolveHost = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** Hints on checked addresses, the last of them always that both ports matter. Takes two seconds at most, and throws nothing. */
export async function addressHints(
  { address, tunnelAddress }: { readonly address: string; readonly tunnelAddress: string },
  resolve: ResolveHost = resolveHost,
): Promise<readonly AddressHint[]> {
  const hosts = [...new Set([hostOf(address), hostOf(tunnelAddress)])];
  const hints = await Promise.all(hosts.map((host) => hintOn(host, resolve)));
  return [
    ...hints.filter((hint) => hint !== undefined),
    { code: 'both-ports', detail: `Where the agent runs, both ${address} (polls) and ${tunnelAddress} (tunnels) must be reachable.` },
  ];
}

async function hintOn(host: string, resolve: ResolveHost): Promise<AddressHint | undefined> {
  if (isIP(host) !== 0) return isPrivate(host) ? privateHint(host) : undefined;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, LOOKUP_MS, undefined);
  try {
    const found = await Promise.race([resolve(host), late.promise]);
    return found !== undefined && found.length > 0 && found.every(isPrivate) ? privateHint(host) : undefined;
  } catch {
    return { code: 'does-not-resolve', detail: `${host} does not resolve from the control plane; see that it does where the agent runs.` };
  } finally {
    clearTimeout(timer);
  }
}

function privateHint(host: string): AddressHint {
  return { code: 'private-address', detail: `${host} is an address of a private network, or of this machine itself: only agents there reach it.` };
}

/** RFC 1918, RFC 6598 and RFC 4193; link-local ones; and loopback, which is a network of one machine. */
function isPrivate(address: string): boolean {
  const v4 = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return /^(?:10|127)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(v4) || /^(?:f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$)/i.test(address);
}
