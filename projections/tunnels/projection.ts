/** Tunnels, by what they lead to. They outlive a removed environment's rows, so that what is still open can be closed. */
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../../services/domain/events.ts';
import type { TunnelKey } from '../../services/domain/tunnel-key.ts';
import { environmentRows } from '../environments/rows.ts';
import { nodeKeyOf } from '../node-key.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { tunnelRows, tunnelsSchema, type TunnelRow } from './rows.ts';

export const tunnelsProjection: Projection = { name: 'tunnels', version: 3, schema: tunnelsSchema, open };

type TunnelEventData = TunnelKey & { readonly at: Instant };

const noFailure = { failureReason: null, failureDetail: null, failureAt: null };

function failure(reason: string, detail: string, at: Instant): Partial<TunnelRow> {
  return { failureReason: reason, failureDetail: detail, failureAt: at };
}

function open(_database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const tunnels = tables.of(tunnelRows);
  const environments = tables.of(environmentRows);

  /** From this event on the tunnel is in `state`; what `changes` leaves out of the last failure stays. */
  function enter(state: TunnelRow['state'], data: TunnelEventData, place: EventPlace, changes: Partial<TunnelRow> = {}): void {
    const { environmentId, at } = data;
    const nodeKey = nodeKeyOf(data.node);
    const before = tunnels.get(environmentId, nodeKey);
    const { failureReason = null, failureDetail = null, failureAt = null } = before ?? {};
    const { environmentNumber } = before ?? environments.get(environmentId) ?? { environmentNumber: 0 };
    const failed = { failureReason, failureDetail, failureAt };
    tunnels.put({ environmentId, environmentNumber, nodeKey, state, since: at, openedAt: null, agentNode: null, ...failed, ...changes }, place);
  }

  return {
    on: {
      TunnelRequired: (data, place) => enter('required', data, place, noFailure),
      TunnelCredentialsIssued: (data, place) => enter('opening', data, place),
      TunnelCredentialsExpired: (data, place) =>
        enter('required', data, place, failure('credentials-expired', 'the agent opened no tunnel in time', data.at)),
      TunnelOpenFailed: (data, place) => enter('required', data, place, failure(data.reason, data.detail, data.at)),
      TunnelOpened: (data, place) => enter('open', data, place, { ...noFailure, openedAt: data.at, agentNode: data.agentNode }),
      // The requirement still stands: the agent is to open another one at once.
      TunnelLost: (data, place) => enter('required', data, place, failure(data.reason, 'the tunnel was lost', data.at)),
      TunnelClosed: (data, place) => enter('closed', data, place, noFailure),
      TunnelRequirementLapsed: (data, place) => enter('closed', data, place),
    },
    write: () => tunnels.write(),
    committed: () => tunnels.committed(),
  };
}
