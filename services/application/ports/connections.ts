/** Selecting an environment, and all that follows. */
import type { Instant } from '../../domain/events.ts';
import type { TunnelKey } from '../../domain/tunnel-key.ts';
import type { Position } from '../../event-store/port.ts';
import type { CommandContext } from './command-context.ts';

export type TunnelStatus =
  | { readonly state: 'closed' | 'required' | 'opening' | 'open'; readonly since: Instant | null; readonly lastFailure: TunnelFailureNote | null };

export interface TunnelFailureNote {
  readonly reason: string;
  readonly detail: string;
  readonly at: Instant;
}

/** Selecting an environment, and all that follows. */
export interface Connections {
  /**
   * The key of the tunnel to a Swarm node, by its id or its host name; null is the environment's own. Throws node-not-found
   * (also where several nodes have that name), and for a node environment-not-found and environment-removed.
   */
  keyOf(environmentId: string, node: string | null): Promise<TunnelKey>;
  /** Makes the tunnel required (once; asking again is free). Throws environment-not-found, environment-removed, event-store-unavailable. */
  require(key: TunnelKey, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /**
   * Resolves when the tunnel is open and can be dialled, at once where it is. Throws tunnel-timeout, agent-not-polling
   * (no poll is due to come in time), tunnel-disconnected, environment-removed; or the signal's reason.
   */
  waitUntilOpen(key: TunnelKey, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Closes it now and ends the requirement. */
  disconnect(key: TunnelKey, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /** Counts as use. Throws environment-not-found. */
  keepAlive(key: TunnelKey): Promise<void>;
  status(key: TunnelKey): Promise<TunnelStatus>;
}
