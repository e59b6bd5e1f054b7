/** The channels of one tunnel at the agent: dials to targets, live channels, their comparison with the control plane's. */
import type { ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { channelId } from '../../proto/channel-id.ts';
import { bridgeChannel, type ChannelBridge } from './channel-bridge.ts';
import type { TunnelClock } from './clock.ts';
import { DialFailure, type DialTarget, type TargetReader } from './dial-target.ts';
import { createPooledReader, type PooledReader } from './read-buffers.ts';

/** A target must answer within so long: less than the 10 s that a dial's token lives. */
const DIAL_TARGET_MS = 8_000;
/** Bytes that channels whose target takes nothing may hold here. */
const STALLED_BYTES_LIMIT = 256 * 1024 * 1024;
/** A target that has taken nothing for so long is stalled. */
const STALLED_AFTER_MS = 1_000;

export interface AgentChannels {
  readonly size: number;
  ids(): readonly string[];
  /** Connects to the target and opens the channel. Resolves to the failure to report, or undefined. */
  dial(token: Uint8Array, target: string): Promise<DialFailure | undefined>;
  /** Drops what the control plane no longer has: missing in two lists in a row while this end waits for bytes that can't come. */
  reconcile(theirIds: readonly string[]): void;
  /** Ends everything, dials under way included. */
  abortAll(): void;
}

export function createAgentChannels(deps: {
  /** The session of the tunnel's Open. */
  readonly session: ClientHttp2Session;
  readonly dialTarget: DialTarget;
  readonly clock: TunnelClock;
  readonly logger: Logger;
  readonly used: () => void;
  /** A channel has ended; `size` says how many are left. */
  readonly ended: () => void;
}): AgentChannels {
  const { session, dialTarget, clock, logger, used, ended } = deps;
  const bridges = new Map<string, ChannelBridge>();
  const stopping = new AbortController();
  let dialling = 0;
  let suspects = new Set<string>();

  function boundStalled(): void {
    const stalledBefore = clock.now() - STALLED_AFTER_MS;
    const stalled: { readonly bridge: ChannelBridge; readonly sinceMs: number }[] = [];
    let bytes = 0;
    for (const bridge of bridges.values()) {
      const sinceMs = bridge.heldSinceMs;
      if (sinceMs === undefined || sinceMs > stalledBefore) continue;
      stalled.push({ bridge, sinceMs });
      bytes += bridge.heldBytes;
    }
    stalled.sort((a, b) => a.sinceMs - b.sinceMs);
    for (const { bridge } of stalled) {
      if (bytes <= STALLED_BYTES_LIMIT) break;
      bytes -= bridge.heldBytes;
      logger.warn('reset the channel whose target was stalled longest');
      bridge.abort();
    }
  }
  const stopBounding = clock.every(STALLED_AFTER_MS, boundStalled);

  function isEnding(): boolean {
    return stopping.signal.aborted || session.destroyed || session.closed;
  }

  async function connect(target: string, reader: TargetReader): Promise<Duplex> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(DIAL_TARGET_MS)]);
    try {
      return await dialTarget(target, signal, reader);
    } catch (error) {
      if (error instanceof DialFailure) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new DialFailure(signal.aborted ? 'dial-timeout' : 'target-unreachable', message, error);
    }
  }

  function open(token: Uint8Array, target: Duplex, reader: PooledReader): void {
    const id = channelId(token);
    const over = (): void => {
      bridges.delete(id);
      used();
      ended();
    };
    const bridge = bridgeChannel({ session, token, target, clock, used, over });
    reader.handTo(bridge.fromTarget);
    bridges.set(id, bridge);
  }

  return {
    get size() {
      return bridges.size + dialling;
    },
    ids: () => [...bridges.keys()],
    async dial(token, target) {
      if (isEnding()) return undefined;
      used();
      dialling += 1;
      try {
        const reader = createPooledReader();
        const connection = await connect(target, reader);
        // With the tunnel has gone whoever waits for an answer.
        if (isEnding()) connection.destroy();
        else open(token, connection, reader);
        return undefined;
      } catch (error) {
        if (error instanceof DialFailure) return error;
        throw error;
      } finally {
        dialling -= 1;
      }
    },
    reconcile(theirIds) {
      const known = new Set(theirIds);
      const missing = new Set<string>();
      for (const [id, bridge] of [...bridges]) {
        if (known.has(id) || !bridge.isWaiting) continue;
        if (suspects.has(id)) bridge.abort();
        else missing.add(id);
      }
      suspects = missing;
    },
    abortAll() {
      stopBounding();
      stopping.abort();
      for (const bridge of [...bridges.values()]) bridge.abort();
    },
  };
}
