/** The questions about tunnels. */
import type { TunnelKey } from '../../services/domain/tunnel-key.ts';
import { nodeOf, prepareNodePages, type NodePlace } from '../node-key.ts';
import type { Query } from '../projection.ts';

export const unclosedTunnelsPage: Query<
  { readonly after: NodePlace; readonly limit: number },
  { readonly items: readonly TunnelKey[]; readonly next: NodePlace | null }
> = {
  name: 'unclosed-tunnels-page',
  prepare(database) {
    const read = prepareNodePages(database, 'tunnels', { where: `state <> 'closed'` });
    return (asked) => {
      const { rows, next } = read(asked);
      return { items: rows.map(({ environmentId, nodeKey }) => ({ environmentId, node: nodeOf(nodeKey) })), next };
    };
  },
};
