/** What a tunnel leads to: an environment, or one Swarm node of it. */

export interface TunnelKey {
  readonly environmentId: string;
  /** The Swarm node's id; null is the environment's own tunnel. */
  readonly node: string | null;
}

/** The environment's own tunnel. */
export function environmentTunnel(environmentId: string): TunnelKey {
  return { environmentId, node: null };
}

/** The stream of a tunnel's events: `tunnel-<id>` or `tunnel-<id>_<node>`. Also good as a map key. */
export function tunnelStream(key: TunnelKey): string {
  return key.node === null ? `tunnel-${key.environmentId}` : `tunnel-${key.environmentId}_${key.node}`;
}
