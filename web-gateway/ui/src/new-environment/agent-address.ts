/** Looks at an address as it is typed, by the server's rules (services/application/environment-input.ts): the server has the last word. */

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** `malformed` is no HOST:PORT, `loopback` is one that only this server's own machine can call. */
export type AddressJudgement = 'good' | 'malformed' | 'loopback';

/** test/ui/agent-address.spec.ts holds it against the server. */
export function judgeAddress(text: string): AddressJudgement {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim().toLowerCase()) ?? [];
  const portNumber = Number(port);
  const isHost = bracketed === undefined ? plain !== undefined && (IPV4.test(plain) || (HOST_NAME.test(plain) && !/^[\d.]+$/.test(plain))) : URL.canParse(`http://[${bracketed}]`);
  if (!isHost || !Number.isInteger(portNumber) || portNumber < 1 || portNumber > 65_535) return 'malformed';
  return leadsNowhereElse(bracketed === undefined ? (plain ?? '') : new URL(`http://[${bracketed}]`).hostname) ? 'loopback' : 'good';
}

/** IPv6 in brackets, and in its one short form. */
function leadsNowhereElse(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || (IPV4.test(host) && (host.startsWith('127.') || host === '0.0.0.0')) || /^\[::(?:1|ffff:7f[0-9a-f]{2}:[0-9a-f]+|ffff:0:0)?\]$/.test(host);
}
