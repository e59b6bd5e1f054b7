/** By which host this machine reaches what is bound to an address. */
import { isIP } from 'node:net';

/** `localhost` for all addresses; else the address itself. */
export function localHostOf(host: string): string {
  return host === '0.0.0.0' || (isIP(host) === 6 && /^[0:]+$/.test(host)) ? 'localhost' : host;
}
