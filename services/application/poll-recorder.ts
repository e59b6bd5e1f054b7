/** Records polls in batches, knows which are durable, and counts exactly those that were lost. */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { DomainEvent } from '../domain/events.ts';
import type { Clock } from './clock.ts';
import type { EventLog, PreparedEvent } from './event-log.ts';
import type { CommandContext } from './ports/command-context.ts';
import { firstBatch } from './append-batch.ts';
import type { PollSummaries } from './poll-summaries.ts';
import { createSingleWriterStream, type SingleWriterStream } from './single-writer-stream.ts';
import type { ApplicationTallies } from './tallies.ts';

export interface PollToRecord {
  readonly environmentId: string;
  /** The node's host name. */
  readonly node: string;
  readonly instanceId: string;
  readonly sequence: number;
  readonly context: CommandContext;
}

export interface PollRecorder {
  /** What the record already holds of an agent, from before this process. */
  know(agent: {
    readonly environmentId: string;
    readonly node: string;
    readonly instanceId: string;
    readonly lastSequence: number;
    readonly lastPolledAt: string | null;
  }): void;
  /** Takes a poll to be recorded within {@link flushMs}. A full buffer drops it; the gap is counted later. */
  record(poll: PollToRecord): void;
  /** The highest sequence of the instance that is durably recorded; 0 where none. */
  confirmed(agent: { readonly environmentId: string; readonly instanceId: string }): number;
  /** Another instance took its place: it is forgotten in an hour, unless it polls again (two agents with one identity). */
  retire(agent: { readonly environmentId: string; readonly instanceId: string }): void;
  /** Polls taken and not recorded yet. */
  buffered(): number;
  /** Writes what is buffered and stops. */
  close(): Promise<void>;
}

interface Recorded {
  /** The highest sequence taken. */
  taken: number;
  /** The highest sequence durable. */
  confirmed: number;
}

interface BufferedPoll {
  readonly event: PreparedEvent;
  readonly poll: PollToRecord;
  readonly at: string;
}

interface Shard {
  readonly index: number;
  readonly stream: SingleWriterStream;
  buffer: BufferedPoll[];
  /** What is being appended: after a failure exactly this again, for it may be recorded already. */
  batch: readonly BufferedPoll[];
  flushing: boolean;
  /** Losses being recorded: the polls that showed them wait for them, so that a crash in between forgets neither or both. */
  readonly owed: Set<Promise<unknown>>;
}

/** How many streams the polls of one control-plane node share. */
export const shardCount = 16;
/** How long a poll waits for company. */
const flushMs = 100;
/** Polls a shard holds while the store is away. */
const shardBufferLimit = 8192;
/** Polls that are not left waiting for a window. */
const hurryLength = 1024;
/** How long an instance is remembered after another took its place. */
const retiredMs = 3600_000;
/** How long until a failed append is tried again. */
const retryMs = 1000;

/** Creates the recorder of one control-plane node. */
export function createPollRecorder(deps: {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
  /** Writes PollsLost. */
  readonly retention: SingleWriterStream;
  readonly summaries: PollSummaries;
  readonly tallies: ApplicationTallies;
}): PollRecorder {
  const { log, clock, logger, controlPlaneNode, retention, summaries, tallies } = deps;
  const instances = new Map<string, Recorded>();
  const shards: Shard[] = Array.from({ length: shardCount }, (_, index) => ({
    index,
    stream: createSingleWriterStream({ log, stream: `polls-${controlPlaneNode}_${String(index)}` }),
    buffer: [],
    batch: [],
    flushing: false,
    owed: new Set(),
  }));
  const flushes = new Set<Promise<unknown>>();
  const shardOf = new Map<string, Shard>();
  let closed = false;
  const retired = new Map<string, { readonly agent: { readonly environmentId: string; readonly instanceId: string }; readonly atMs: number }>();
  const stopTimer = clock.every(flushMs, flush);
  const stopForgetting = clock.every(retiredMs, () => {
    for (const [key, { agent, atMs }] of retired) {
      if (clock.now() - atMs < retiredMs) continue;
      retired.delete(key);
      instances.delete(key);
      summaries.forget(agent);
    }
  });

  function track(set: Set<Promise<unknown>>, promise: Promise<unknown>): void {
    set.add(promise);
    void promise.finally(() => set.delete(promise));
  }

  function shard(environmentId: string): Shard {
    let found = shardOf.get(environmentId);
    if (found === undefined) {
      found = shards[createHash('sha256').update(environmentId).digest().readUInt32BE() % shardCount];
      if (found === undefined) throw new RangeError('no such shard');
      shardOf.set(environmentId, found);
    }
    return found;
  }

  function recordLoss(one: Shard, poll: PollToRecord, from: number): void {
    const { environmentId, node, instanceId, sequence } = poll;
    const to = sequence - 1;
    tallies.pollsLost += to - from + 1;
    const at = new Date(clock.now()).toISOString();
    const lost: DomainEvent = { type: 'PollsLost', data: { at, environmentId, node, instanceId, from, to, count: to - from + 1 } };
    const prepared = log.prepare([lost], { actor: `system:${controlPlaneNode}`, correlationId: poll.context.correlationId });
    const write = async () => {
      for (;;) {
        try {
          return await retention.append(prepared);
        } catch (error) {
          if (closed) return logger.error({ err: error }, 'lost polls could not be recorded');
          await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        }
      }
    };
    track(one.owed, write());
  }

  function flush(): void {
    for (const one of shards) {
      if (one.batch.length + one.buffer.length > 0 && !one.flushing) track(flushes, flushShard(one));
    }
  }

  async function flushShard(one: Shard): Promise<void> {
    one.flushing = true;
    try {
      do {
        if (one.batch.length === 0) {
          one.batch = firstBatch(one.buffer, ({ event }) => event);
          one.buffer = one.buffer.slice(one.batch.length);
        }
        await Promise.all(one.owed);
        const position = await one.stream.append(one.batch.map(({ event }) => event));
        for (const { poll, at } of one.batch) {
          const instance = instances.get(keyOf(poll));
          if (instance !== undefined && poll.sequence > instance.confirmed) instance.confirmed = poll.sequence;
          summaries.count(one.index, poll, at, position);
        }
        one.batch = [];
        // What came meanwhile waits for its own window, unless there is much of it.
      } while (one.buffer.length >= hurryLength);
    } catch (error) {
      logger.warn({ err: error, buffered: one.batch.length + one.buffer.length }, 'polls could not be recorded yet');
      if (!closed) await new Promise<void>((resolve) => clock.after(retryMs, resolve));
    } finally {
      one.flushing = false;
    }
  }

  return {
    know(agent) {
      const { lastSequence } = agent;
      instances.set(keyOf(agent), { taken: lastSequence, confirmed: lastSequence });
      summaries.know(shard(agent.environmentId).index, agent);
    },

    record(poll) {
      const { environmentId, node, instanceId, sequence } = poll;
      const one = shard(environmentId);
      if (one.buffer.length >= shardBufferLimit) return;
      let instance = instances.get(keyOf(poll));
      if (instance === undefined) {
        instance = { taken: 0, confirmed: 0 };
        instances.set(keyOf(poll), instance);
      }
      retired.delete(keyOf(poll));
      if (sequence <= instance.taken) return;
      if (sequence > instance.taken + 1) recordLoss(one, poll, instance.taken + 1);
      instance.taken = sequence;
      const at = new Date(clock.now()).toISOString();
      const [event] = log.prepare([{ type: 'AgentPolled', data: { at, environmentId, node, instanceId, sequence } }], poll.context);
      if (event !== undefined) one.buffer.push({ event, poll, at });
    },

    confirmed: (agent) => instances.get(keyOf(agent))?.confirmed ?? 0,

    retire(agent) {
      retired.set(keyOf(agent), { agent, atMs: clock.now() });
    },

    buffered: () => shards.reduce((sum, { batch, buffer }) => sum + batch.length + buffer.length, 0),

    async close() {
      closed = true;
      stopTimer();
      stopForgetting();
      // A flush under way may leave a rest behind; the second round takes it.
      await Promise.all(flushes);
      flush();
      await Promise.all(flushes);
      await Promise.all(shards.flatMap(({ owed }) => [...owed]));
    },
  };
}

/** An agent says its instance id itself: within its own environment only. */
function keyOf({ environmentId, instanceId }: { readonly environmentId: string; readonly instanceId: string }): string {
  return `${environmentId}/${instanceId}`;
}
