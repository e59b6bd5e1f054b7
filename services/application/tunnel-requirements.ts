/** Requiring a tunnel: who needs it, who waits for it, and when the requirement ends. */
import type { Logger } from 'pino';
import type { DisconnectReason, TunnelEvent } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { TunnelState } from '../domain/tunnel.ts';
import type { Clock } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { loadKnownEnvironment } from './known-environment.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { Connections } from './ports/connections.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { TunnelControl, TunnelGate } from './ports/tunnel-gate.ts';
import type { Presence } from './presence.ts';
import type { TunnelAsking } from './tunnel-asking.ts';
import type { TunnelIdleClose } from './tunnel-idle-close.ts';
import type { TunnelRecord } from './tunnel-record.ts';
import type { Waiters } from './waiters.ts';

const sweepMs = 5000;

/** Which tunnels are required, by whom, and for how long. */
export interface TunnelRequirements extends Pick<Connections, 'require' | 'waitUntilOpen' | 'disconnect' | 'keepAlive'>, Pick<TunnelGate, 'ready'> {
  /** Ends every tunnel of an environment that was removed, or whose agents are none of its own any more. */
  end(environmentId: string, reason: Exclude<DisconnectReason, 'disconnected'>, context: CommandContext): Promise<void>;
  /** A tunnel was closed, by `events`, which `cause` had required: a request that came in meanwhile requires it again. */
  closed(key: TunnelKey, events: readonly TunnelEvent[], cause: CommandContext | undefined): void;
  close(): void;
}

/** Creates the requirements. `control` is asked for late: the live tunnels are made after this. */
export function createTunnelRequirements(deps: {
  readonly record: TunnelRecord;
  readonly asking: TunnelAsking;
  readonly idleClose: TunnelIdleClose;
  readonly waiters: Waiters;
  readonly environments: Pick<EnvironmentStreams, 'load'>;
  readonly presence: Presence;
  readonly settings: SettingsAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly control: () => TunnelControl;
}): TunnelRequirements {
  const { record, asking, idleClose, waiters, environments, presence, settings, clock, logger, control } = deps;
  const stopSweep = clock.every(sweepMs, () => void sweep());

  /** When somebody last needed the tunnel; that its agent opens it again and again is no use. */
  function lastUsedMs(key: TunnelKey): number {
    return Math.max(record.neededAtMs(key), control().lastUsedAtMs(key) ?? 0);
  }

  /** Requirements nobody uses lapse; for the others the next agent is asked. */
  async function sweep(): Promise<void> {
    const patienceMs = settings.current().inactivityTimeoutSeconds * 1000;
    for (const key of record.all()) {
      const state = await record.load(key).catch(() => undefined);
      if (state === undefined) continue;
      asking.expireOverdue(key, state);
      if ((state.status !== 'required' && state.status !== 'opening') || waiters.has(tunnelStream(key))) continue;
      if (clock.now() - lastUsedMs(key) > patienceMs) {
        await record.run(key, { type: 'lapse' }, record.system()).catch((error: unknown) => {
          logger.warn({ err: error }, 'a lapsed requirement could not be recorded');
        });
      } else if (state.status === 'required') {
        // Whoever was asked could not be told, or the store was away.
        asking.askNext(key);
      }
    }
  }

  return {
    async require(key, context) {
      await loadKnownEnvironment(environments, key.environmentId);
      record.need(key);
      await idleClose.hasten(key);
      const status = record.peek(key)?.status;
      if (status !== undefined && status !== 'closed') return { position: undefined };
      record.caused(key, context);
      const { position } = await record.run(key, { type: 'require' }, context);
      return { position };
    },

    async waitUntilOpen(key, { timeoutMs, signal }) {
      if (control().isOpen(key)) return;
      if (!presence.isDueWithin(key.environmentId, timeoutMs, key.node)) {
        const whose = key.node === null ? 'no agent of this environment' : `no agent on the Swarm node ${key.node}`;
        throw new ApplicationError('agent-not-polling', `${whose} is polling; check that it runs and reaches this address`, { retryAfterSeconds: 5 });
      }
      const opened = waiters.wait(tunnelStream(key), timeoutMs, signal);
      void idleClose.hasten(key);
      await opened.catch((error: unknown) => {
        throw withLastFailure(error, record.peek(key)?.lastFailure ?? null);
      });
    },

    async disconnect(key, context) {
      await loadKnownEnvironment(environments, key.environmentId);
      const { position } = await record.run(key, { type: 'disconnect', reason: 'disconnected' }, context);
      await control().drain(key, 'disconnected');
      waiters.fail(tunnelStream(key), new ApplicationError('tunnel-disconnected', 'somebody disconnected this environment meanwhile'));
      return { position };
    },

    async keepAlive(key) {
      await loadKnownEnvironment(environments, key.environmentId);
      // Anyone may name any node: only what there is, is kept.
      if (record.isKept(key)) record.need(key);
      control().touch(key);
    },

    ready({ key }) {
      waiters.wake(tunnelStream(key));
    },

    async end(environmentId, reason, context) {
      for (const key of record.of(environmentId)) {
        await record.run(key, { type: 'disconnect', reason }, context);
        await control().drain(key, reason);
        const code = reason === 'environment-removed' ? reason : 'agent-not-polling';
        waiters.fail(tunnelStream(key), new ApplicationError(code, wordsOf[reason], code === 'agent-not-polling' ? { retryAfterSeconds: 60 } : {}));
      }
    },

    closed(key, events, cause = record.system()) {
      const isUnused = events.some(({ type, data }) => (type === 'TunnelClosed' && data.reason === 'idle') || (type === 'TunnelRequirementLapsed' && data.reason === 'unused'));
      if (!isUnused || !waiters.has(tunnelStream(key))) return;
      record.caused(key, cause);
      record.quietly(record.run(key, { type: 'require' }, cause), 'a tunnel could not be required again');
    },

    close() {
      stopSweep();
      waiters.close();
    },
  };
}

/** Who waited in vain is told what went wrong last. */
function withLastFailure(error: unknown, failure: TunnelState['lastFailure']): unknown {
  if (!(error instanceof ApplicationError) || error.code !== 'tunnel-timeout' || failure === null) return error;
  const { retryAfterSeconds } = error;
  const message = `${error.message}; what went wrong last: ${failure.detail} (${failure.reason}, ${failure.at})`;
  return new ApplicationError(error.code, message, { cause: error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
}

const wordsOf = {
  'environment-removed': 'this environment was removed',
  'token-rotated': 'the environment\'s join token was rotated; its agent needs the new one',
  disassociated: 'the environment was disassociated; its agent has to join anew',
} as const;
