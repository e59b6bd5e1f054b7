/** Says once an hour what must outlive the polls themselves, and then lets the old ones go. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DomainEvent, RetentionEvents } from '../domain/events.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventReader } from '../event-store/port.ts';
import type { EventLog } from './event-log.ts';
import type { SettingsAccess } from './ports.ts';
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
  /** A poll that is durably recorded. */
  count(shard: number, poll: PolledAgent & { readonly sequence: number }, at: string): void;
  /** Once every agent of before is known: counts what was recorded and not summarised by a process that was killed. */
  recover(): void;
  /** An instance that will not come back. */
  forget(agent: { readonly environmentId: string; readonly instanceId: string }): void;
  /** Summarises what was counted since the last time; nothing where nothing was. Throws ApplicationError event-store-unavailable. */
  summarise(): Promise<void>;
  close(): Promise<void>;
}

/** Removes polls recorded before an instant, and beyond so many bytes; answers how many events went. */
export type ExpirePolls = (bounds: { readonly recordedBeforeMs: number; readonly keepBytes: number }) => Promise<number>;

const everyMs = 3600_000;
/** Agents in one event, so that none outgrows what an append may carry. */
const agentsPerEvent = 500;

/** Creates the summaries of one control-plane node. `expire` is undefined where the store removes by itself. */
export function createPollSummaries(deps: {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingsAccess;
  readonly reader: EventReader;
  readonly controlPlaneNode: string;
  readonly retention: SingleWriterStream;
  readonly actor: string;
  readonly expire: ExpirePolls | undefined;
}): PollSummaries {
  const { log, clock, logger, settings, reader, controlPlaneNode, retention, actor, expire } = deps;
  const shards = new Map<number, Map<string, AgentSummary>>();
  let from = instantOf(clock);
  let isNews = false;
  let working: Promise<void> = Promise.resolve();
  const known: KnownAgent[] = [];
  /** Beside what else goes on: a large fleet's hour takes a while to read, and the next summary is an hour away. */
  let recovering: Promise<boolean> = Promise.resolve(true);
  const closing = new AbortController();
  const stop = clock.every(everyMs, () => {
    working = round();
  });

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
    if (!isNews) {
      from = to;
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

  async function round(): Promise<void> {
    try {
      await summarise();
      if (expire === undefined) return;
      const { pollRetentionHours, pollRetentionBytes } = settings.current();
      // Nothing may go that this process has yet to summarise.
      const recordedBeforeMs = Math.min(clock.now() - pollRetentionHours * 3600_000, Date.parse(from));
      const count = await expire({ recordedBeforeMs, keepBytes: pollRetentionBytes });
      if (count > 0) await append({ type: 'PollsExpired', data: { at: instantOf(clock), count, before: new Date(recordedBeforeMs).toISOString() } });
    } catch (error) {
      logger.warn({ err: error }, 'polls could not be summarised or expired; it is tried again in an hour');
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
    count(shard, poll, at) {
      isNews = true;
      const { environmentId, node, instanceId, sequence } = poll;
      const before = shards.get(shard)?.get(keyOf(poll));
      put(shard, { environmentId, node, instanceId, lastSequence: Math.max(sequence, before?.lastSequence ?? 0), count: (before?.count ?? 0) + 1, lastPolledAt: at });
    },
    forget(agent) {
      for (const agents of shards.values()) agents.delete(keyOf(agent));
    },
    summarise,
    async close() {
      stop();
      closing.abort();
      await working;
      await summarise().catch((error: unknown) => {
        logger.warn({ err: error }, 'polls could not be summarised at the end');
      });
    },
  };
}
