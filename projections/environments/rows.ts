/** The tables of the environments projection. */
import { versionedTable } from '../versioned-table.ts';
import type { EnvironmentStatus } from '../port.ts';
import { lastPollsSchema } from './last-polls.ts';
import { presentTagsSchema } from './present-tags.ts';
import { tagSetsSchema } from './tag-sets.ts';

export interface EnvironmentRow {
  readonly environmentId: string;
  /** What stands for it, of present_tags. */
  readonly environmentNumber: number;
  readonly name: string;
  /** What lists sort and search by: the name folded by foldName. */
  readonly nameFolded: string;
  readonly status: EnvironmentStatus;
  readonly address: string;
  readonly tunnelAddress: string;
  readonly issuedEdgeId: string;
  readonly edgeId: string | null;
  /** A JSON array. */
  readonly barredEdgeIds: string;
  /** A JSON array of {@link DuplicateAgent}. */
  readonly duplicates: string;
  /** A JSON array. */
  readonly tags: string;
  /** What stands for them, of tag_sets. */
  readonly tagSet: number;
  readonly platform: string | null;
  readonly createdAt: string;
  readonly pollIntervalSeconds: number | null;
  readonly associatedAt: string | null;
  /** The address the associating agent called from. */
  readonly associationAddress: string | null;
  readonly heartbeat: 'never' | 'up' | 'down';
  readonly heartbeatLostAt: string | null;
}

export const environmentRows = versionedTable<EnvironmentRow>({
  name: 'environments',
  owner: 'environmentId',
  columns: {
    environmentId: 'TEXT',
    environmentNumber: 'INTEGER',
    name: 'TEXT',
    nameFolded: 'TEXT',
    status: 'TEXT',
    address: 'TEXT',
    tunnelAddress: 'TEXT',
    issuedEdgeId: 'TEXT',
    edgeId: 'TEXT',
    barredEdgeIds: 'TEXT',
    duplicates: 'TEXT',
    tags: 'TEXT',
    tagSet: 'INTEGER',
    platform: 'TEXT',
    createdAt: 'TEXT',
    pollIntervalSeconds: 'INTEGER',
    associatedAt: 'TEXT',
    associationAddress: 'TEXT',
    heartbeat: 'TEXT',
    heartbeatLostAt: 'TEXT',
  },
  soughtInPast: ['nameFolded', 'status', 'platform', 'tagSet', 'createdAt', 'environmentNumber'],
});

/** An agent that is refused because another with its identity was kept. */
export interface DuplicateAgent {
  readonly instanceId: string;
  readonly node: string;
  readonly address: string;
  readonly at: string;
}

/** An agent as it was last seen. */
export interface AgentRow {
  readonly environmentId: string;
  /** The environment's. */
  readonly environmentNumber: number;
  /** The Swarm node, or '' where one engine stands alone: as the decider tells agents apart. */
  readonly agentKey: string;
  readonly node: string;
  readonly version: string;
  readonly address: string;
  readonly platform: string;
  readonly engineName: string | null;
  readonly engineVersion: string | null;
  readonly instanceId: string;
  /** The position of the event since which the instance is known as this agent's: earlier polls of it do not count. */
  readonly instanceSince: string;
  /** The instance before, whose last polls may still arrive; null for the first. */
  readonly formerInstanceId: string | null;
  readonly formerSince: string | null;
  /** JSON of {@link AddressFailure}: the new address that it can't use; null where all is well. */
  readonly addressFailure: string | null;
}

/** Why an agent does not use the address it was told. */
export interface AddressFailure {
  readonly address: string;
  readonly port: 'api' | 'tunnel';
  readonly reason: string;
  readonly detail: string;
  readonly at: string;
}

export const agentRows = versionedTable<AgentRow>({
  name: 'agents',
  owner: 'environmentId',
  part: 'agentKey',
  columns: {
    environmentId: 'TEXT',
    environmentNumber: 'INTEGER',
    agentKey: 'TEXT',
    node: 'TEXT',
    version: 'TEXT',
    address: 'TEXT',
    platform: 'TEXT',
    engineName: 'TEXT',
    engineVersion: 'TEXT',
    instanceId: 'TEXT',
    instanceSince: 'TEXT',
    formerInstanceId: 'TEXT',
    formerSince: 'TEXT',
    addressFailure: 'TEXT',
  },
  soughtInPast: ['version', 'environmentNumber'],
});

/** The last refusal of an agent that claimed the environment. A table of its own, so that an attack copies no wide rows. */
export interface RejectionRow {
  readonly environmentId: string;
  readonly reason: string;
  readonly address: string;
  readonly at: string;
}

export const rejectionRows = versionedTable<RejectionRow>({
  name: 'rejections',
  owner: 'environmentId',
  columns: { environmentId: 'TEXT', reason: 'TEXT', address: 'TEXT', at: 'TEXT' },
});

/**
 * environments_by_name and environments_by_status hold all that lists filter and sort by, now or as of an instant, so that a filter is one pass
 * over a narrow index.
 * agent_polls has no validity ranges: polls are too many and expire, so their past is told by the log, then by PollsSummarised.
 */
export const environmentsSchema = `
  ${environmentRows.schema}
  CREATE INDEX environments_by_name ON environments (nameFolded, environmentId, status, platform, tagSet, createdAt, recordedFrom, environmentNumber);
  CREATE INDEX environments_by_status ON environments (status, nameFolded, environmentId, platform, tagSet, createdAt, recordedFrom, environmentNumber);
  CREATE INDEX environments_by_platform ON environments (platform, recordedFrom, environmentNumber);
  ${agentRows.schema}
  CREATE INDEX agents_by_version ON agents (version, recordedFrom, environmentNumber);
  ${rejectionRows.schema}
  CREATE TABLE agent_polls (
    environmentId TEXT NOT NULL,
    instanceId TEXT NOT NULL,
    agentKey TEXT NOT NULL,
    node TEXT NOT NULL,
    lastSequence INTEGER NOT NULL,
    lastPolledAt TEXT,
    PRIMARY KEY (environmentId, instanceId)
  ) STRICT, WITHOUT ROWID;
  ${lastPollsSchema}
  ${tagSetsSchema}
  ${presentTagsSchema}
`;
