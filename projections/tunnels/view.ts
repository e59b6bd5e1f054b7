/** Reads tunnels as others see them. */
import type { DatabaseSync } from 'node:sqlite';
import { nodeOf } from '../node-key.ts';
import type { TunnelView } from '../port.ts';
import { tunnelRows, type TunnelRow } from './rows.ts';

/** Prepares reading all tunnels of one environment: its own first, then by Swarm node. */
export function createTunnelLookup(database: DatabaseSync): (environmentId: string) => TunnelView[] {
  const select = database.prepare('SELECT * FROM tunnels WHERE environmentId = ? ORDER BY nodeKey');
  return (environmentId) => (select.all(environmentId) as unknown as TunnelRow[]).map(tunnelView);
}

/** Prepares reading them as of an instant, in milliseconds since 1970. */
export function createPastTunnelLookup(database: DatabaseSync): (environmentId: string, asOf: number) => TunnelView[] {
  const select = database.prepare(`SELECT * FROM ${tunnelRows.asOf} WHERE environmentId = :environmentId ORDER BY nodeKey`);
  return (environmentId, asOf) => (select.all({ environmentId, asOf }) as unknown as TunnelRow[]).map(tunnelView);
}

/** The view of one tunnel. */
export function tunnelView({ nodeKey, state, since, openedAt, agentNode, failureReason, failureDetail, failureAt }: TunnelRow): TunnelView {
  const lastFailure = failureReason === null || failureAt === null ? null : { reason: failureReason, detail: failureDetail ?? '', at: failureAt };
  return { state, since, openedAt, node: nodeOf(nodeKey), agentNode, lastFailure };
}
