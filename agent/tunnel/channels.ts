/** The channels of one tunnel at the agent: dials to targets, live channels, their comparison with the control plane's. */
import type { Duplex } from 'node:stream';
import type { ChannelInterface } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { channelId } from '../../proto/channel-id.ts';
import { STREAM_WINDOW_BYTES } from '../../proto/tunnel-flow.ts';
import { bridgeChannel, type ChannelBridge } from './channel-bridge.ts';
import type { TunnelClock } from './clock.ts';
import { DialFailure, type DialTarget, type TargetReader } from './dial-target.ts';
import { createTargetReader } from './read-buffers.ts';

/** A target must answer within so long: less than the 10 s that a dial's token lives. */
const DIAL_TARGET_MS = 8_000;
/** Bytes that channels whose target takes nothing may hold here: each counts as a full window, which it may pin. */
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
  abortAll(reason: string): void;
}

export function createAgentChannels(deps: {
  readonly channel: ChannelInterface;
  readonly dialTarget: DialTarget;
  readonly clock: TunnelClock;
  readonly logger: Logger;
  readonly used: () => void;
  /** A channel has ended; `size` says how many are left. */
  readonly ended: () => void;
}): AgentChannels {
  const { channel, dialTarget, clock, logger, used, ended } = deps;
  const bridges = new Map<string, ChannelBridge>();
  const stopping = new AbortController();
  let dialling = 0;
  let suspects = new Set<string>();

  function boundStalled(): void {
    const stalledBefore = clock.now() - STALLED_AFTER_MS;
    const stalled: { readonly bridge: ChannelBridge; readonly sinceMs: number }[] = [];
    for (const bridge of bridges.values()) {
      const sinceMs = bridge.heldSinceMs;
      if (sinceMs !== undefined && sinceMs <= stalledBefore) stalled.push({ bridge, sinceMs });
    }
    const excess = stalled.length - Math.floor(STALLED_BYTES_LIMIT / STREAM_WINDOW_BYTES);
    if (excess <= 0) return;
    stalled.sort((a, b) => a.sinceMs - b.sinceMs);
    for (const { bridge } of stalled.slice(0, excess)) {
      logger.warn('reset the channel whose target was stalled longest');
      bridge.abort('target-stalled');
    }
  }
  const stopBounding = clock.every(STALLED_AFTER_MS, boundStalled);

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

  return {
    get size() {
      return bridges.size + dialling;
    },
    ids: () => [...bridges.keys()],
    async dial(token, target) {
      if (stopping.signal.aborted) return undefined;
      used();
      dialling += 1;
      try {
        // The target starts paused, so the bridge is there before its first bytes.
        // eslint-disable-next-line prefer-const -- the reader is made before the bridge, and speaks to it only later
        let bridge: ChannelBridge | undefined;
        const reader = createTargetReader((piece, release) => bridge?.fromTarget(piece, release) ?? true);
        const connection = await connect(target, reader);
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may have been aborted while we waited
        if (stopping.signal.aborted) {
          connection.destroy();
          return undefined;
        }
        const id = channelId(token);
        const over = (): void => {
          bridges.delete(id);
          used();
          ended();
        };
        bridge = bridgeChannel({ channel, token, target: connection, clock, used, over });
        bridges.set(id, bridge);
        return undefined;
      } catch (error) {
        return error as DialFailure;
      } finally {
        dialling -= 1;
      }
    },
    reconcile(theirIds) {
      const known = new Set(theirIds);
      const missing = new Set<string>();
      for (const [id, bridge] of [...bridges]) {
        if (known.has(id) || !bridge.isWaiting) continue;
        if (suspects.has(id)) bridge.abort('unknown-channel');
        else missing.add(id);
      }
      suspects = missing;
    },
    abortAll(reason) {
      stopBounding();
      stopping.abort();
      for (const bridge of [...bridges.values()]) bridge.abort(reason);
    },
  };
}
