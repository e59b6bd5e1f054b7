/** Environments, their agents, their heartbeat and their last refusal, as the events tell them. */
import { foldName } from '../../services/domain/environment-name.ts';
import type { DatabaseSync } from 'node:sqlite';
import { agentKey, duplicatesKept } from '../../services/domain/environment.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { createLastPolls } from './last-polls.ts';
import { createPollFold } from './poll-fold.ts';
import { createPresentTags } from './present-tags.ts';
import { type AddressFailure, agentRows, type AgentRow, type DuplicateAgent, environmentRows, environmentsSchema, rejectionRows, type EnvironmentRow } from './rows.ts';
import { createTagSets } from './tag-sets.ts';

export const environmentsProjection: Projection = {
  name: 'environments',
  version: 7,
  schema: environmentsSchema,
  patientTypes: ['AgentPolled', 'PollsSummarised'],
  settledTypes: ['RefusalsExpired'],
  open,
};

function statusOf({ edgeId, duplicates, heartbeat }: Pick<EnvironmentRow, 'edgeId' | 'duplicates' | 'heartbeat'>): EnvironmentRow['status'] {
  if (edgeId === null) return 'unassociated';
  return duplicates === '[]' ? heartbeat : 'duplicate';
}

/** As many as the decider keeps. */
function withDuplicate(json: string, duplicate: DuplicateAgent): string {
  return JSON.stringify([...(JSON.parse(json) as DuplicateAgent[]), duplicate].slice(-duplicatesKept));
}

function withoutDuplicate(json: string, instanceId: string): string {
  return JSON.stringify((JSON.parse(json) as DuplicateAgent[]).filter((one) => one.instanceId !== instanceId));
}

/** Since when the agent's row knows the instance. */
function sinceOf({ instanceId, instanceSince, formerInstanceId, formerSince }: AgentRow, asked: string): string | undefined {
  return asked === instanceId ? instanceSince : asked === formerInstanceId ? (formerSince ?? undefined) : undefined;
}

function open(database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const environments = tables.of(environmentRows);
  const agents = tables.of(agentRows);
  const rejections = tables.of(rejectionRows);
  const tagSets = createTagSets(database);
  const presentTags = createPresentTags(database);
  const lastPolls = createLastPolls(database);
  const polls = createPollFold(database, (environmentId) => lastPolls.polled(environmentId));
  const expiredRejections = database.prepare('SELECT environmentId FROM rejections WHERE recordedFrom < ?');
  const removePastRejections = database.prepare('DELETE FROM rejections_past WHERE recordedFrom < ?');
  /** Refusals recorded before are gone. */
  let refusedFromMs: number | undefined;
  environments.watch((before, after) => {
    const environmentId = (after ?? before)?.environmentId;
    if (environmentId !== undefined) lastPolls.changed(environmentId, after);
  });
  environments.watch(presentTags.watch);

  const tagged = (tags: readonly string[]) => ({ tags: JSON.stringify(tags), tagSet: tagSets.numberOf(tags) });

  function change(place: EventPlace, environmentId: string, changes: (row: EnvironmentRow) => Partial<EnvironmentRow>): void {
    const row = environments.get(environmentId);
    if (row === undefined) return;
    const changed = { ...row, ...changes(row) };
    environments.put({ ...changed, status: statusOf(changed) }, place);
  }

  /** An engine that joined or left its Swarm is told apart by another key now, but it is the same agent. Answers since when it was known. */
  function endUnderOtherKey(environmentId: string, instanceId: string, place: EventPlace): string | undefined {
    let since: string | undefined;
    for (const key of agents.parts(environmentId)) {
      const row = agents.get(environmentId, key);
      if (row?.instanceId !== instanceId) continue;
      since = row.instanceSince;
      agents.end(place, environmentId, key);
    }
    return since;
  }

  return {
    on: {
      EnvironmentCreated(data, place) {
        const { environmentId, name, address, tunnelAddress, issuedEdgeId, pollIntervalSeconds } = data;
        environments.put(
          {
            environmentId,
            environmentNumber: presentTags.nextNumber(),
            name,
            nameFolded: foldName(name),
            status: 'unassociated',
            address,
            tunnelAddress,
            issuedEdgeId,
            edgeId: null,
            barredEdgeIds: '[]',
            duplicates: '[]',
            ...tagged(data.tags),
            platform: null,
            createdAt: data.at,
            pollIntervalSeconds,
            associatedAt: null,
            associationAddress: null,
            heartbeat: 'never',
            heartbeatLostAt: null,
          },
          place,
        );
      },

      EnvironmentRenamed: ({ environmentId, name }, place) => change(place, environmentId, () => ({ name, nameFolded: foldName(name) })),
      EnvironmentTagged: ({ environmentId, tags }, place) => change(place, environmentId, () => tagged(tags)),
      EnvironmentAddressChanged: ({ environmentId, address, tunnelAddress }, place) =>
        change(place, environmentId, () => ({ address, tunnelAddress })),
      PollIntervalChanged: ({ environmentId, pollIntervalSeconds }, place) => change(place, environmentId, () => ({ pollIntervalSeconds })),

      AgentAssociated: ({ environmentId, edgeId, at, address }, place) =>
        change(place, environmentId, () => ({ edgeId, associatedAt: at, associationAddress: address })),

      AgentDisassociated({ environmentId, edgeId, issuedEdgeId }, place) {
        for (const key of agents.parts(environmentId)) agents.end(place, environmentId, key);
        polls.dropEnvironment(environmentId);
        change(place, environmentId, ({ barredEdgeIds }) => ({
          edgeId: null,
          issuedEdgeId,
          barredEdgeIds: JSON.stringify([...(JSON.parse(barredEdgeIds) as string[]), edgeId]),
          duplicates: '[]',
          platform: null,
          associatedAt: null,
          associationAddress: null,
          heartbeat: 'never',
          heartbeatLostAt: null,
        }));
      },
      EdgeIdUnbarred: ({ environmentId, edgeId }, place) =>
        change(place, environmentId, ({ barredEdgeIds }) => ({
          barredEdgeIds: JSON.stringify((JSON.parse(barredEdgeIds) as string[]).filter((other) => other !== edgeId)),
        })),

      DuplicateAgentDetected: ({ environmentId, refused, at }, place) =>
        change(place, environmentId, ({ duplicates }) => ({ duplicates: withDuplicate(duplicates, { ...refused, at }) })),
      DuplicateAgentResolved: ({ environmentId, refused }, place) =>
        change(place, environmentId, ({ duplicates }) => ({ duplicates: withoutDuplicate(duplicates, refused.instanceId) })),

      AgentSeen({ environmentId, instanceId, address, report }, place, { position }) {
        const environment = environments.get(environmentId);
        if (environment === undefined) return;
        const { platform, node, version, engine } = report;
        // The first sight is the first poll; back from down only HeartbeatRestored brings it.
        change(place, environmentId, ({ heartbeat }) => ({ platform, heartbeat: heartbeat === 'never' ? 'up' : heartbeat }));
        const key = agentKey(report);
        const before = agents.get(environmentId, key);
        const knownSince = before === undefined ? endUnderOtherKey(environmentId, instanceId, place) : sinceOf(before, instanceId);
        const isRestarted = before !== undefined && before.instanceId !== instanceId;
        if (isRestarted && before.formerInstanceId !== null && before.formerInstanceId !== instanceId) {
          polls.drop(environmentId, before.formerInstanceId);
        }
        polls.add({ environmentId, instanceId, agentKey: key, node });
        agents.put(
          {
            environmentId,
            environmentNumber: environment.environmentNumber,
            agentKey: key,
            node,
            version,
            address,
            platform,
            engineName: engine?.name ?? null,
            engineVersion: engine?.version ?? null,
            instanceId,
            instanceSince: knownSince ?? position,
            formerInstanceId: isRestarted ? before.instanceId : (before?.formerInstanceId ?? null),
            formerSince: isRestarted ? before.instanceSince : (before?.formerSince ?? null),
            addressFailure: before?.addressFailure ?? null,
          },
          place,
        );
      },

      NewAddressFailed({ environmentId, swarmNode, address, port, reason, detail, at }, place) {
        const row = agents.get(environmentId, swarmNode ?? '');
        const failure: AddressFailure = { address, port, reason, detail, at };
        if (row !== undefined) agents.put({ ...row, addressFailure: JSON.stringify(failure) }, place);
      },
      NewAddressUsed({ environmentId, swarmNode }, place) {
        const row = agents.get(environmentId, swarmNode ?? '');
        if (row !== undefined) agents.put({ ...row, addressFailure: null }, place);
      },

      HeartbeatLost: ({ environmentId, at }, place) => change(place, environmentId, () => ({ heartbeat: 'down', heartbeatLostAt: at })),
      HeartbeatRestored: ({ environmentId }, place) => change(place, environmentId, () => ({ heartbeat: 'up' })),

      EnvironmentRemoved({ environmentId }, place) {
        for (const key of agents.parts(environmentId)) agents.end(place, environmentId, key);
        rejections.end(place, environmentId);
        environments.end(place, environmentId);
        polls.dropEnvironment(environmentId);
      },

      PollRejected({ environmentId, reason, address, at }, place) {
        if (environmentId === null || environments.get(environmentId) === undefined) return;
        rejections.put({ environmentId, reason, address, at }, place);
      },

      RefusalsExpired({ before }, place) {
        refusedFromMs = Math.max(refusedFromMs ?? 0, Date.parse(before));
        for (const { environmentId } of expiredRejections.all(refusedFromMs)) rejections.end(place, String(environmentId));
      },

      AgentPolled: ({ environmentId, instanceId, sequence, at }) => polls.account(environmentId, instanceId, sequence, at),
      PollsLost: ({ environmentId, instanceId, to }) => polls.account(environmentId, instanceId, to, null),
      PollsSummarised({ agents: summarised }) {
        for (const { environmentId, instanceId, lastSequence, lastPolledAt } of summarised) polls.account(environmentId, instanceId, lastSequence, lastPolledAt);
      },
    },

    write() {
      environments.write();
      agents.write();
      rejections.write();
      if (refusedFromMs !== undefined) removePastRejections.run(refusedFromMs);
      tagSets.write();
      presentTags.write();
      polls.write();
      lastPolls.write();
    },

    committed() {
      environments.committed();
      agents.committed();
      rejections.committed();
      refusedFromMs = undefined;
      tagSets.committed();
      presentTags.committed();
      polls.committed();
      lastPolls.committed();
    },
  };
}
