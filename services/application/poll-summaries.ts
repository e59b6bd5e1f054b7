/** Says what must outlive the polls themselves: once an hour, and before any of them go. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DomainEvent, RetentionEvents } from '../domain/events.ts';
import type { EventReader, Position } from '../event-store/port.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import type { SingleWriterStream } from './single-writer-stream.ts';
import { countUnsummarisedPolls, type KnownAgent } from './unsummarised-polls.ts';

interface PolledAgent {
  readonly environmentId: string;
  readonly node: string;
  readonly instanceId: string;
}

type AgentSummary = RetentionEvents['PollsSummarised']['agents'][number];

export interface PollSummaries {
  /** An agent of before this process: the next summary repeats what is known of it. */
  know(shard: number, agent: PolledAgent & { readonly lastSequence: number; readonly lastPolledAt: string | null }): void;
  /** A poll that is durably recorded, and all before its position with it. */
  count(shard: number, poll: PolledAgent & { readonly sequence: number }, at: string, position: Position): void;
  /** Once every agent of before is known: counts what was recorded and not summarised by a process that was killed. */
  recover(): void;
  /** An instance that will not come back. */
  forget(agent: { readonly environmentId: string; readonly instanceId: string }): void;
  /** Summarises what was counted since the last time; nothing where nothing was. Throws ApplicationError event-store-unavailable. */
  summarise(): Promise<void>;
  /** All polls up to this position are in a summary; undefined before the first one of this process. */
  summarisedThrough(): Position | undefined;
  /** Summarises once more. */
  close(): Promise<void>;
}

/** Agents in one event, so that none outgrows what an append may carry. */
const agentsPerEvent = 500;

/** Creates the summaries of one control-plane node. */
export function createPollSummaries(deps: {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reader: EventReader;
  readonly controlPlaneNode: string;
  readonly retention: SingleWriterStream;
  readonly actor: string;
}): PollSummaries {
  const { log, clock, logger, reader, controlPlaneNode, retention, actor } = deps;
  const shards = new Map<number, Map<string, AgentSummary>>();
  let from = instantOf(clock);
  let isNews = false;
  let countedThrough: Position | undefined;
  let summarisedThrough: Position | undefined;
  const known: KnownAgent[] = [];
  /** Beside what else goes on: a large fleet's hour takes a while to read, and the next summary is an hour away. */
  let recovering: Promise<boolean> = Promise.resolve(true);
  const closing = new AbortController();

  const keyOf = ({ environmentId, instanceId }: { readonly environmentId: string; readonly instanceId: string }) => `${environmentId}/${instanceId}`;

  function put(shard: number, summary: AgentSummary): void {
    const agents = shards.get(shard);
    if (agents === undefined) shards.set(shard, new Map([[keyOf(summary), summary]]));
    else agents.set(keyOf(summary), summary);
  }

  function append(event: DomainEvent): Promise<unknown> {
    return retention.append(log.prepare([event], { actor, correlationId: randomUUID() }));
  }

  async function recover(): Promise<boolean> {
    try {
      // Nobody polls yet: what is there now is summarised, or counted here.
      countedThrough ??= await reader.headPosition();
      const found = await countUnsummarisedPolls({ reader, controlPlaneNode, agents: known.splice(0), signal: closing.signal });
      if (found === undefined) return true;
      for (const { agent, count } of found.counts) {
        const now = shards.get(agent.shard)?.get(keyOf(agent));
        if (now !== undefined) put(agent.shard, { ...now, count: now.count + count });
      }
      isNews = true;
      from = found.since;
      return true;
    } catch (error) {
      if (!closing.signal.aborted) logger.warn({ err: error }, 'polls of before this start could not be counted; the next summary leaves them out');
      return !closing.signal.aborted;
    }
  }

  async function summarise(): Promise<void> {
    // Cut short it knows too little: the next start counts again.
    if (!(await recovering)) return;
    const to = instantOf(clock);
    const through = countedThrough;
    if (!isNews) {
      from = to;
      summarisedThrough = through;
      return;
    }
    isNews = false;
    try {
      await summariseShards(to);
    } catch (error) {
      isNews = true;
      throw error;
    }
    from = to;
    summarisedThrough = through;
  }

  async function summariseShards(to: string): Promise<void> {
    for (const [shard, agents] of shards) {
      const summaries = [...agents.values()];
      for (let start = 0; start < summaries.length; start += agentsPerEvent) {
        const some = summaries.slice(start, start + agentsPerEvent);
        await append({ type: 'PollsSummarised', data: { at: to, shard, from, to, agents: some } });
        // What was counted meanwhile belongs to the next summary.
        for (const { count, ...agent } of some) {
          const now = agents.get(keyOf(agent));
          if (now !== undefined) agents.set(keyOf(agent), { ...now, count: now.count - count });
        }
      }
    }
  }

  return {
    know(shard, { environmentId, node, instanceId, lastSequence, lastPolledAt }) {
      put(shard, { environmentId, node, instanceId, lastSequence, count: 0, lastPolledAt });
      known.push({ shard, environmentId, instanceId, lastSequence });
    },
    recover() {
      recovering = recover();
    },
    count(shard, poll, at, position) {
      isNews = true;
      if (countedThrough === undefined || reader.comparePositions(position, countedThrough) > 0) countedThrough = position;
      const { environmentId, node, instanceId, sequence } = poll;
      const before = shards.get(shard)?.get(keyOf(poll));
      put(shard, { environmentId, node, instanceId, lastSequence: Math.max(sequence, before?.lastSequence ?? 0), count: (before?.count ?? 0) + 1, lastPolledAt: at });
    },
    forget(agent) {
      for (const agents of shards.values()) agents.delete(keyOf(agent));
    },
    summarise,
    summarisedThrough: () => summarisedThrough,
    async close() {
      closing.abort();
      await summarise().catch((error: unknown) => {
        logger.warn({ err: error }, 'polls could not be summarised at the end');
      });
    },
  };
}
