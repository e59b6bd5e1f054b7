/** Connects to whichever of a name's addresses answers first. */
import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import type { HostPort } from '../../proto/host-port.ts';

/**
 * While an address does not answer, the next one is tried beside it after so long, as RFC 8305 has it. Node's own way of trying
 * several gives the first ones up instead, which a link with a long round trip never survives.
 */
const NEXT_ADDRESS_MS = 250;

/**
 * Looks the name up anew, and resolves with a connected socket. Throws the system's error (an AggregateError where none of several
 * addresses could be reached), or the signal's reason.
 */
export async function connectAny({ host, port }: HostPort, signal: AbortSignal): Promise<net.Socket> {
  const addresses = await addressesOf(host, signal);
  return new Promise((resolve, reject) => {
    const attempts = new Set<net.Socket>();
    const errors: Error[] = [];
    let timer: NodeJS.Timeout | undefined;

    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      for (const socket of attempts) socket.destroy();
      act();
    };
    const abort = (): void => settle(() => reject(reasonOf(signal)));
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = addresses.shift();
      if (address === undefined) {
        if (attempts.size === 0) settle(() => reject(failureOf(errors)));
        return;
      }
      const socket = net.connect({ host: address, port, noDelay: true });
      attempts.add(socket);
      socket.once('error', (error) => {
        attempts.delete(socket);
        errors.push(error);
        tryNext();
      });
      socket.once('connect', () => {
        attempts.delete(socket);
        socket.removeAllListeners('error');
        settle(() => resolve(socket));
      });
      timer = setTimeout(tryNext, NEXT_ADDRESS_MS);
    };
    signal.addEventListener('abort', abort, { once: true });
    tryNext();
  });
}

/** In the system's order, the families in turn: where one of them leads nowhere, the other's turn comes soon. */
async function addressesOf(host: string, signal: AbortSignal): Promise<string[]> {
  if (net.isIP(host) !== 0) return [host];
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(reasonOf(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const found = await Promise.race([lookup(host, { all: true, order: 'verbatim' }), aborted]);
    const [first, second] = [found.filter(({ family }) => family === found[0]?.family), found.filter(({ family }) => family !== found[0]?.family)];
    return alternate(first, second).map(({ address }) => address);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** One of each in turn, as long as there are both; then the rest. */
function alternate<T>(first: readonly T[], second: readonly T[]): T[] {
  const inTurn = first.flatMap((one, index) => [one, ...second.slice(index, index + 1)]);
  return [...inTurn, ...second.slice(first.length)];
}

function failureOf(errors: readonly Error[]): Error {
  const [only] = errors;
  return only !== undefined && errors.length === 1 ? only : new AggregateError(errors, errors.map(({ message }) => message).join('; '));
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
