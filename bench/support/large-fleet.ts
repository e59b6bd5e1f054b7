/** The events that make a large fleet, as its lists are asked for: every status, several platforms, three tags each, names changed once. */
import type { EventDataByType, EventType } from '../../services/domain/events.ts';
import { schemaVersions } from '../../services/domain/event-codec.ts';
import type { HistoryEvent } from '../../test/projections/random-history.ts';

/** When its first event is, in milliseconds since 1970. */
export const fleetStartMs = Date.UTC(2026, 0, 31, 12);
/** From event to event. */
const stepMs = 10;
const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];

/** One in a hundred is of each `site-N`, one in eight of each `region-N`, and `own-N` belongs to one alone. */
export const tagsOf = (index: number): readonly string[] => [`site-${index % 100}`, `region-${index % 8}`, `own-${index}`];

/** Makes so many environments, one in ten of them without an agent and one in ten down; then renames a fifth. */
export function* largeFleet(environments: number): Generator<HistoryEvent> {
  let events = 0;
  const at = () => new Date(fleetStartMs + events * stepMs).toISOString();
  const event = <Type extends EventType>(stream: string, type: Type, data: EventDataByType[Type]): HistoryEvent => {
    events += 1;
    const id = `00000000-0000-4000-8000-${events.toString(16).padStart(12, '0')}`;
    return { id, stream, type, data: JSON.stringify(data), metadata: JSON.stringify({ $correlationId: id, actor: 'system:bench', schemaVersion: schemaVersions[type], recordedAt: at() }) };
  };
  for (let index = 0; index < environments; index += 1) {
    const environmentId = `e${(index * 7919) % environments}x${index}`;
    const stream = `environment-${environmentId}`;
    const [edgeId, instanceId, node, address] = [`edge-${index}`, `i${index}`, 'host', '192.0.2.1'];
    const addresses = { address: 'homeport.example:9443', tunnelAddress: 'homeport.example:8000' };
    yield event(stream, 'EnvironmentCreated', { at: at(), environmentId, name: `Factory ${(index * 104729) % 1_000_000}`, ...addresses, tags: tagsOf(index), pollIntervalSeconds: null, issuedEdgeId: edgeId, requireIssuedEdgeId: false, joinTokenVersion: 1 });
    if (index % 10 === 0) continue;
    yield event(stream, 'AgentAssociated', { at: at(), environmentId, edgeId, issued: true, node, address });
    const report = { node, version: '1.0.0', protocolVersion: 1, platform: platforms[index % 3] ?? '', engine: null, swarm: null };
    yield event(stream, 'AgentSeen', { at: at(), environmentId, instanceId, address, report });
    yield event(`polls-cp_${index % 16}`, 'AgentPolled', { at: at(), environmentId, node, instanceId, sequence: 1 });
    if (index % 10 === 1) yield event(stream, 'HeartbeatLost', { at: at(), environmentId, lastPolledAt: at() });
    else yield event(`polls-cp_${index % 16}`, 'AgentPolled', { at: at(), environmentId, node, instanceId, sequence: 2 });
  }
  for (let index = 0; index < environments; index += 5) {
    const environmentId = `e${(index * 7919) % environments}x${index}`;
    yield event(`environment-${environmentId}`, 'EnvironmentRenamed', { at: at(), environmentId, name: `Works ${index}` });
  }
}
