/** Whose address a request comes from, where proxies that are trusted tell for whom they ask. */
import type { IncomingMessage } from 'node:http';

/**
 * The peer's own address, or what trusted proxies say of it in X-Forwarded-For: from the last entry backwards the first that no trusted proxy has. It is
 * what the REST interface takes it for, too.
 */
export function clientAddress({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, isTrustedProxy: (address: string) => boolean): string {
  const peer = socket.remoteAddress ?? '';
  const told = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map((one) => one.trim()).filter((one) => one !== '');
  let address = peer;
  while (isTrustedProxy(address)) {
    const before = told.pop();
    if (before === undefined) break;
    address = before;
  }
  return address;
}
