/** Counts, from the log itself, the polls that a killed process recorded and had not summarised. */
import { EventStoreError, type EventReader, type RecordedEvent } from '../event-store/port.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { Instant } from '../domain/events.ts';

export interface KnownAgent {
  readonly shard: number;
  readonly environmentId: string;
  readonly instanceId: string;
  /** The last poll recorded before this process. */
  readonly lastSequence: number;
}

export interface UnsummarisedPolls {
  /** Where the summaries stop, or the first poll counted where there is none. */
  readonly since: Instant;
  readonly counts: readonly { readonly agent: KnownAgent; readonly count: number }[];
}

/** Summaries are looked for so far before the newest one: a killed process may have left a round half written. */
const roundsMs = 2 * 3600_000;
/** A poll is recorded within this long of its time, while the store is there. */
const slackMs = 600_000;
/** Polls looked at in one stream, the newest: more than an hour of a large fleet. */
const mostPolls = 1_000_000;
const mostSummaries = 10_000;

/** An agent's polls are those after the last sequence that a summary names; undefined where there are none. Throws the store's errors, or the signal's reason. */
export async function countUnsummarisedPolls(deps: {
  readonly reader: EventReader;
  readonly controlPlaneNode: string;
  readonly agents: readonly KnownAgent[];
  readonly signal: AbortSignal;
}): Promise<UnsummarisedPolls | undefined> {
  const { reader, controlPlaneNode, agents, signal } = deps;
  const summarised = await lastSummaries(reader, `retention-${controlPlaneNode}`, signal);
  const counts: { agent: KnownAgent; count: number }[] = [];
  let firstMs = Number.POSITIVE_INFINITY;
  for (const [shard, known] of Map.groupBy(agents, (agent) => agent.shard)) {
    const ours = new Map(known.map((agent) => [keyOf(agent), agent]));
    const ends = known.flatMap((agent) => summarised.get(keyOf(agent))?.toMs ?? []);
    const horizonMs = ends.length === 0 ? 0 : Math.min(...ends) - slackMs;
    const ofShard = new Map<KnownAgent, number>();
    for await (const page of backwards(reader, `polls-${controlPlaneNode}_${String(shard)}`, mostPolls, signal)) {
      let atMs = 0;
      for (const recorded of page) {
        const event = decodeEvent(recorded);
        if (event?.type !== 'AgentPolled') continue;
        const poll = event.data;
        atMs = Date.parse(poll.at);
        const agent = ours.get(keyOf(poll));
        // What this process records meanwhile it counts itself.
        if (agent === undefined || poll.sequence > agent.lastSequence || poll.sequence <= (summarised.get(keyOf(poll))?.lastSequence ?? 0)) continue;
        firstMs = Math.min(firstMs, atMs);
        ofShard.set(agent, (ofShard.get(agent) ?? 0) + 1);
      }
      if (atMs < horizonMs) break;
    }
    for (const [agent, count] of ofShard) counts.push({ agent, count });
  }
  if (counts.length === 0) return undefined;
  const newestMs = [...summarised.values()].reduce((newest, { toMs }) => Math.max(newest, toMs), 0);
  return { since: new Date(newestMs === 0 ? firstMs : newestMs).toISOString(), counts };
}

/** Of each agent what the newest summary says. */
async function lastSummaries(reader: EventReader, stream: string, signal: AbortSignal): Promise<ReadonlyMap<string, { readonly lastSequence: number; readonly toMs: number }>> {
  const found = new Map<string, { lastSequence: number; toMs: number }>();
  let newestMs: number | undefined;
  for await (const page of backwards(reader, stream, mostSummaries, signal)) {
    for (const recorded of page) {
      const event = decodeEvent(recorded);
      if (event?.type !== 'PollsSummarised') continue;
      const summary = event.data;
      const toMs = Date.parse(summary.to);
      newestMs ??= toMs;
      if (toMs < newestMs - roundsMs) return found;
      for (const agent of summary.agents) {
        if (!found.has(keyOf(agent))) found.set(keyOf(agent), { lastSequence: agent.lastSequence, toMs });
      }
    }
  }
  return found;
}

async function* backwards(reader: EventReader, stream: string, limit: number, signal: AbortSignal): AsyncGenerator<readonly RecordedEvent[]> {
  try {
    yield* reader.readStream(stream, { direction: 'backwards', limit, signal });
  } catch (error) {
    if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
  }
}

function keyOf({ environmentId, instanceId }: { readonly environmentId: string; readonly instanceId: string }): string {
  return `${environmentId}/${instanceId}`;
}
