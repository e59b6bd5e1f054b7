/** Idle is a question: whether a tunnel may close, and the close once its agent has taken its leave. */
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { OpenedTunnel, TunnelGate } from './ports/tunnel-gate.ts';
import type { TunnelRecord } from './tunnel-record.ts';
import type { Waiters } from './waiters.ts';

/** By so much the agent's and our view of a tunnel's last use may differ. */
const idleSlackMs = 500;
const recordAgainMs = 1000;

/** Closes tunnels that nobody uses, once their agents took their leave. */
export interface TunnelIdleClose extends Pick<TunnelGate, 'mayClose' | 'closed'> {
  /** Somebody needs a tunnel that is just taking its leave: it is closed at once, so that another can be required. */
  hasten(key: TunnelKey): Promise<void>;
}

/** Creates the idle close. `beforeClosed` comes before the close is recorded, with when it was allowed; it never throws. */
export function createTunnelIdleClose(deps: {
  readonly record: TunnelRecord;
  readonly waiters: Waiters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly beforeClosed: (tunnel: OpenedTunnel, decidedAtMs: number) => Promise<void>;
}): TunnelIdleClose {
  const { record, waiters, clock, logger, beforeClosed } = deps;
  /** Idle tunnels that were allowed to close: recorded once the agent has taken its leave, or somebody needs the tunnel. */
  const closing = new Map<string, { readonly tunnel: OpenedTunnel; readonly decidedAtMs: number }>();

  /** Records the close that was decided, once. What can't be recorded now is recorded later. */
  async function recordClose({ key, credentialsId }: Pick<OpenedTunnel, 'key' | 'credentialsId'>): Promise<void> {
    try {
      await record.run(key, { type: 'close-idle', credentialsId }, record.following(key));
    } catch (error) {
      logger.warn({ err: error }, 'the close of an idle tunnel could not be recorded yet');
      clock.after(recordAgainMs, () => void recordClose({ key, credentialsId }));
    }
  }

  async function hasten(key: TunnelKey): Promise<void> {
    const stream = tunnelStream(key);
    const found = closing.get(stream);
    if (found === undefined) return;
    closing.delete(stream);
    await recordClose(found.tunnel);
  }

  return {
    hasten,

    async mayClose(tunnel, { lastUsedAtMs, inUse, agentIdleMs = Infinity }) {
      const { key } = tunnel;
      const stream = tunnelStream(key);
      const idleMs = clock.now() - Math.max(lastUsedAtMs, record.neededAtMs(key));
      // What passed last was on its way for a moment: of that the two ends never agree to the millisecond.
      const patienceMs = Math.min(tunnel.inactivityMs, agentIdleMs - idleSlackMs);
      if (inUse || waiters.has(stream) || idleMs < patienceMs) return false;
      const state = await record.load(key).catch(() => undefined);
      if (state?.status !== 'open' || state.grant.credentialsId !== tunnel.credentialsId) return false;
      closing.set(stream, { tunnel, decidedAtMs: clock.now() });
      // Who came while this was decided must not wait for the agent's leave.
      if (waiters.has(stream)) void hasten(key);
      return true;
    },

    async closed(tunnel) {
      const stream = tunnelStream(tunnel.key);
      const found = closing.get(stream);
      if (found?.tunnel.credentialsId !== tunnel.credentialsId) return;
      await beforeClosed(tunnel, found.decidedAtMs);
      if (closing.get(stream) === found) closing.delete(stream);
      await recordClose(tunnel);
    },
  };
}
