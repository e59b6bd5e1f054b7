/** The tables of the tunnels projection. */
import { versionedTable } from '../versioned-table.ts';

export interface TunnelRow {
  readonly environmentId: string;
  /** What stands for the environment; 0 where none was known. */
  readonly environmentNumber: number;
  /** The Swarm node asked for, or '' for the environment's own tunnel. */
  readonly nodeKey: string;
  readonly state: 'closed' | 'required' | 'opening' | 'open';
  readonly since: string;
  readonly openedAt: string | null;
  readonly agentNode: string | null;
  readonly failureReason: string | null;
  readonly failureDetail: string | null;
  readonly failureAt: string | null;
}

export const tunnelRows = versionedTable<TunnelRow>({
  name: 'tunnels',
  owner: 'environmentId',
  part: 'nodeKey',
  columns: {
    environmentId: 'TEXT',
    environmentNumber: 'INTEGER',
    nodeKey: 'TEXT',
    state: 'TEXT',
    since: 'TEXT',
    openedAt: 'TEXT',
    agentNode: 'TEXT',
    failureReason: 'TEXT',
    failureDetail: 'TEXT',
    failureAt: 'TEXT',
  },
  soughtInPast: ['state', 'environmentNumber'],
});

export const tunnelsSchema = `
  ${tunnelRows.schema}
  CREATE INDEX tunnels_unclosed ON tunnels (environmentId, nodeKey) WHERE state <> 'closed';
`;
