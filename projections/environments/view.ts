/** Puts an environment's rows together as others see it. */
import type { EnvironmentView, SnapshotView, TunnelView } from '../port.ts';
import type { AddressFailure, AgentRow, DuplicateAgent, EnvironmentRow, RejectionRow } from './rows.ts';

/** All rows of one environment. */
export interface EnvironmentRows {
  readonly environment: EnvironmentRow;
  readonly agents: readonly (AgentRow & { readonly lastPolledAt: string | null })[];
  readonly rejection: RejectionRow | undefined;
  /** The environment's own tunnel, and one for each Swarm node asked for. */
  readonly tunnels: readonly TunnelView[];
  readonly snapshot: SnapshotView | null;
}

/** A tunnel that no event told of yet. */
const neverRequired: TunnelView = { state: 'closed', since: null, openedAt: null, node: null, agentNode: null, lastFailure: null };

/** The view of one environment. */
export function environmentView({ environment: row, agents, rejection, tunnels, snapshot }: EnvironmentRows): EnvironmentView {
  const { associationAddress, heartbeatLostAt } = row;
  const duplicates = JSON.parse(row.duplicates) as DuplicateAgent[];
  const addresses = agents.length > 0 ? agents.map(({ address }) => address) : associationAddress === null ? [] : [associationAddress];
  return {
    id: row.environmentId,
    name: row.name,
    status: row.status,
    address: row.address,
    tunnelAddress: row.tunnelAddress,
    issuedEdgeId: row.issuedEdgeId,
    edgeId: row.edgeId,
    barredEdgeIds: JSON.parse(row.barredEdgeIds) as string[],
    tags: JSON.parse(row.tags) as string[],
    platform: row.platform,
    createdAt: row.createdAt,
    pollIntervalSeconds: row.pollIntervalSeconds,
    association: {
      state: row.edgeId === null ? 'unassociated' : 'associated',
      at: row.associatedAt,
      addresses: [...new Set([...addresses, ...duplicates.map(({ address }) => address)])],
      duplicates: duplicates.map(({ node, address, at }) => ({ node, address, at })),
      lastRejected: rejection === undefined ? null : { reason: rejection.reason, address: rejection.address, at: rejection.at },
    },
    heartbeat: {
      state: row.heartbeat,
      lastPolledAt: agents.reduce<string | null>((newest, { lastPolledAt }) => later(newest, lastPolledAt), null),
      lastFailure:
        rejection !== undefined && isOfItsAgent(rejection, row, addresses)
          ? { reason: rejection.reason, at: rejection.at }
          : heartbeatLostAt === null
            ? null
            : { reason: 'heartbeat-lost', at: heartbeatLostAt },
    },
    agents: agents.map(({ node, version, engineName, engineVersion, address, lastPolledAt, addressFailure }) => ({
      node,
      version,
      engine: engineName === null ? null : { name: engineName, version: engineVersion ?? '' },
      address,
      lastPolledAt,
      addressFailure: addressFailure === null ? null : (JSON.parse(addressFailure) as AddressFailure),
    })),
    tunnel: tunnels.find(({ node }) => node === null) ?? neverRequired,
    tunnels: tunnels.filter(({ node }) => node !== null),
    snapshot,
  };
}

/**
 * Whether it is most likely the environment's own agent that was refused, and no stranger: nobody was let in yet, or it came from
 * where its agent was, and since that was lost.
 */
function isOfItsAgent({ address, at }: RejectionRow, { heartbeat, heartbeatLostAt }: EnvironmentRow, addresses: readonly string[]): boolean {
  return heartbeat === 'never' || (heartbeat === 'down' && addresses.includes(address) && at >= (heartbeatLostAt ?? ''));
}

/** Instants have one form, in which text order is time order. */
function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
