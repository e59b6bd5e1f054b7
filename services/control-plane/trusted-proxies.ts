/** Which addresses are reverse proxies whose word on their clients' addresses is believed: `--trusted-proxy`. */
import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../application/peer-address.ts';
import { StartError } from './start-error.ts';

/** Whether an IP address is one of them. */
export type IsTrustedProxy = (address: string) => boolean;

/** Reads networks such as 10.0.0.0/8 or 2001:db8::/32, and single addresses. Throws {@link StartError} invalid-trusted-proxy for one that is neither. */
export function parseTrustedProxies(networks: readonly string[]): IsTrustedProxy {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits, ...rest] = network.split('/');
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? '0') || length > most) {
      throw new StartError('invalid-trusted-proxy', `--trusted-proxy ${network} is no network; give one such as 10.0.0.0/8, or an address`);
    }
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}
