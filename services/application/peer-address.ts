/** How a peer's address is shown, and what is counted together where peers are counted. */

/** An IP address in its own spelling: an IPv4 one as such, also where it came in on an IPv6 socket. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** What attempts and connections of a peer are counted under: an IPv4 address, or an IPv6 network (/64), since one host owns all of it. */
export function peerGroup(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (plain.includes('::')) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
  }
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`;
}
