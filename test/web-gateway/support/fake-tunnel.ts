/** A tunnel that leads to a Unix socket: really dialled, with real half-close; and what the application decides about it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { Connections } from '../../../services/application/ports/connections.ts';
import { tunnelStream, type TunnelKey } from '../../../services/domain/tunnel-key.ts';
import { TunnelError, type TunnelDialer } from '../../../services/tunnels/port.ts';

export interface FakeTunnel {
  readonly dialer: TunnelDialer;
  readonly connections: Connections;
  /** Keys for which the tunnel was made required. */
  readonly required: string[];
  /** Channels dialled so far, of which those that are still open. */
  readonly dialled: Socket[];
  /** How many holds are not released. */
  holds(): number;
  /** The tunnel opens as soon as it is required (so it does at first), or never. */
  opensWhenRequired(opens: boolean): void;
  /** Why waiting for it fails where it does not open. */
  failWith(code: 'tunnel-timeout' | 'agent-not-polling'): void;
  isOpen(): boolean;
  /** Breaks every channel, as a lost tunnel does. */
  lose(): void;
  /** Breaks the newest channel alone. */
  resetNewest(): void;
}

/** @param knownIds environments that exist. */
export function createFakeTunnel(socketPath: string, knownIds: ReadonlySet<string>): FakeTunnel {
  const required: string[] = [];
  const dialled: Socket[] = [];
  let opens = true;
  let generation = 0;
  let live = false;
  let held = 0;
  let failure: 'tunnel-timeout' | 'agent-not-polling' = 'tunnel-timeout';
  const known = ({ environmentId }: TunnelKey): boolean => knownIds.has(environmentId);
  const notFound = (): ApplicationError => new ApplicationError('environment-not-found', 'there is no such environment');

  return {
    required,
    dialled,
    holds: () => held,
    isOpen: () => live,
    opensWhenRequired: (does) => (opens = does),
    failWith: (code) => (failure = code),
    lose() {
      live = false;
      for (const channel of dialled) channel.destroy(new TunnelError('tunnel-lost', 'the tunnel was lost'));
    },
    resetNewest: () => void dialled.at(-1)?.destroy(new TunnelError('channel-reset', 'the engine reset the connection')),
    dialer: {
      async dial(key, { signal } = {}): Promise<Duplex> {
        if (!live || !known(key)) throw new TunnelError('tunnel-not-open', 'the tunnel is not open');
        const channel = connect({ path: socketPath, allowHalfOpen: true });
        dialled.push(channel);
        try {
          await once(channel, 'connect', { ...(signal === undefined ? {} : { signal }) });
        } catch (error) {
          channel.destroy();
          throw signal?.aborted === true ? error : new TunnelError('dial-failed', 'nothing answers at /var/run/docker.sock', 'docker-socket-missing');
        }
        return channel;
      },
      hold() {
        held += 1;
        return { release: () => void (held -= 1) };
      },
      lastUsedAtMs: () => (live ? Date.parse('2026-02-03T04:05:06.789Z') : undefined),
      generation: (key) => (live && known(key) ? generation : undefined),
    },
    connections: {
      keyOf: (environmentId, node) => Promise.resolve({ environmentId, node }),
      require(key) {
        if (!known(key)) return Promise.reject(notFound());
        required.push(tunnelStream(key));
        if (opens && !live) {
          live = true;
          generation += 1;
        }
        return Promise.resolve({ position: '100' });
      },
      waitUntilOpen: () => (live ? Promise.resolve() : Promise.reject(new ApplicationError(failure, 'it did not open', { retryAfterSeconds: 7 }))),
      disconnect(key) {
        if (!known(key)) return Promise.reject(notFound());
        live = false;
        required.length = 0;
        return Promise.resolve({ position: '100' });
      },
      keepAlive: (key) => (known(key) ? Promise.resolve() : Promise.reject(notFound())),
      status: (key) =>
        known(key) ? Promise.resolve({ state: live ? 'open' : required.length > 0 ? 'required' : 'closed', since: live ? '2026-02-03T04:05:06.789Z' : null, lastFailure: null }) : Promise.reject(notFound()),
    },
  };
}
