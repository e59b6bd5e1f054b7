/** Connections to engines: makes the tunnel required, waits for it, dials, and keeps some channels for the next call. */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { Connections } from '../../services/application/ports/connections.ts';
import { tunnelStream, type TunnelKey } from '../../services/domain/tunnel-key.ts';
import type { TunnelDialer } from '../../services/tunnels/port.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import { ChannelAgent } from './channel-agent.ts';

/** For whom a channel is opened. */
export interface ChannelCaller {
  readonly key: TunnelKey;
  readonly context: CommandContext;
  readonly signal: AbortSignal;
}

export interface Channels {
  /** Makes sure that the tunnel is open. Throws what {@link Connections} does; the signal's reason. */
  ensureOpen(caller: ChannelCaller): Promise<void>;
  /** A channel of its own, after {@link ensureOpen}. Throws TunnelError and what ensureOpen does. */
  dial(caller: ChannelCaller): Promise<Duplex>;
  /** The pool of the tunnel that is live now, for calls that may be sent twice; its channels are dialled by `caller`'s request. */
  pool(key: TunnelKey): Agent;
  /** Lets all kept channels go. */
  close(): void;
}

const TRANSIENT: ReadonlySet<unknown> = new Set(['tunnel-not-open', 'tunnel-lost', 'dial-timeout']);

export function createChannels({
  connections,
  dialer,
  limits,
}: {
  readonly connections: Pick<Connections, 'require' | 'waitUntilOpen'>;
  readonly dialer: TunnelDialer;
  readonly limits: GatewayLimits;
}): Channels {
  const pools = new Map<string, { readonly generation: number | undefined; readonly agent: ChannelAgent }>();

  async function ensureOpen({ key, context, signal }: ChannelCaller): Promise<void> {
    if (dialer.generation(key) !== undefined) return;
    await connections.require(key, context);
    await connections.waitUntilOpen(key, { timeoutMs: limits.tunnelWaitMs, signal });
  }

  async function dial(caller: ChannelCaller): Promise<Duplex> {
    const untilMs = performance.now() + limits.tunnelWaitMs;
    for (;;) {
      try {
        return await dialer.dial(caller.key, { signal: caller.signal });
      } catch (error) {
        // It closed between the look and the dial, or its connection is dead and nobody knows yet. Nothing was sent, so once more is safe.
        if (!isWorthAnother(error) || caller.signal.aborted || performance.now() >= untilMs) throw error;
      }
      await ensureOpen(caller);
    }
  }

  function pool(key: TunnelKey): Agent {
    const name = tunnelStream(key);
    const generation = dialer.generation(key);
    const known = pools.get(name);
    if (known !== undefined && known.generation === generation) return known.agent;
    known?.agent.retire();
    const agent = new ChannelAgent({
      dial,
      idleMs: limits.idleChannelMs,
      maxIdle: limits.idleChannels,
      onEmpty: () => {
        if (pools.get(name)?.agent === agent) pools.delete(name);
      },
    });
    pools.set(name, { generation, agent });
    return agent;
  }

  return {
    ensureOpen,
    dial,
    pool,
    close() {
      for (const { agent } of pools.values()) agent.retire();
      pools.clear();
    },
  };
}

function isWorthAnother(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TRANSIENT.has(error.code);
}
