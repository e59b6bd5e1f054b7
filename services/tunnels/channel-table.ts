/** The channels of one live tunnel, and their comparison with the agent's. */
import type { Clock } from '../application/clock.ts';
import type { ChannelStream } from './channel-stream.ts';
import { TunnelError } from './port.ts';

export interface ChannelTable {
  readonly size: number;
  ids(): readonly string[];
  add(id: string, stream: ChannelStream): void;
  remove(id: string): void;
  destroyAll(error: TunnelError): void;
  /** Drops what the agent no longer has: missing in two lists in a row while this end waits for bytes that can't come. */
  reconcile(agentsIds: readonly string[]): void;
  /** Resolves when no channel is left, or after so long. */
  whenEmpty(timeoutMs: number, clock: Clock): Promise<void>;
}

export function createChannelTable(): ChannelTable {
  const channels = new Map<string, ChannelStream>();
  let suspects = new Set<string>();
  let onEmpty: (() => void) | undefined;

  return {
    get size() {
      return channels.size;
    },
    ids: () => [...channels.keys()],
    add(id, stream) {
      channels.set(id, stream);
    },
    remove(id) {
      channels.delete(id);
      if (channels.size === 0) onEmpty?.();
    },
    destroyAll(error) {
      for (const stream of [...channels.values()]) stream.destroy(error);
    },
    reconcile(agentsIds) {
      const known = new Set(agentsIds);
      const missing = new Set<string>();
      for (const [id, stream] of [...channels]) {
        if (known.has(id) || !stream.isWaiting) continue;
        if (suspects.has(id)) stream.destroy(new TunnelError('channel-reset', 'The agent no longer has this channel.'));
        else missing.add(id);
      }
      suspects = missing;
    },
    async whenEmpty(timeoutMs, clock) {
      if (channels.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const stop = clock.after(timeoutMs, () => resolve(undefined));
      onEmpty = () => resolve(undefined);
      await promise;
      stop();
    },
  };
}
