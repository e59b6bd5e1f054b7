/** The questions about tunnels. */
import type { TunnelKey } from '../../services/domain/tunnel-key.ts';
import type { Query } from '../projection.ts';

/** Where a page of tunnels ended. */
interface TunnelPlace {
  readonly environmentId: string;
  readonly nodeKey: string;
}

export const unclosedTunnelsPage: Query<
  { readonly after: TunnelPlace; readonly limit: number },
  { readonly items: readonly TunnelKey[]; readonly next: TunnelPlace | null }
> = {
  name: 'unclosed-tunnels-page',
  prepare(database) {
    const select = database.prepare(
      `SELECT environmentId, nodeKey FROM tunnels WHERE state <> 'closed' AND (environmentId, nodeKey) > (?, ?)
        ORDER BY environmentId, nodeKey LIMIT ?`,
    );
    return ({ after, limit }) => {
      const rows = select.all(after.environmentId, after.nodeKey, limit) as unknown as TunnelPlace[];
      const items = rows.map(({ environmentId, nodeKey }) => ({ environmentId, node: nodeKey === '' ? null : nodeKey }));
      return { items, next: rows.length < limit ? null : (rows.at(-1) ?? null) };
    };
  },
};
