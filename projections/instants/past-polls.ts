/**
 * When agents had last polled as of a past instant. Polls write no versions of rows, for they are most of the log: they
 * are read in the log itself, backwards from the instant, where most agents turn up within one poll interval. What is
 * not found so, or has expired, the hourly summaries tell: to the hour, and marked so.
 */
import type { PollEvents, RetentionEvents } from '../../services/domain/events.ts';
import type { EventReader, Position, RecordedEvent } from '../../services/event-store/port.ts';
import { createRecordedClock, recordedAtMsOf } from '../recorded-at.ts';
import type { PastInstant } from './lookup.ts';

/** An agent as it was known at the instant. */
export interface AgentThen {
  readonly environmentId: string;
  readonly instanceId: string;
  readonly instanceSince: Position;
  readonly formerInstanceId: string | null;
  readonly formerSince: Position | null;
  /** Since when its environment had been down; null where it was not. While it is, nobody of it polls. */
  readonly downSince: string | null;
}

export interface LastPoll {
  readonly at: string | null;
  /** Whether there may have been a later one. */
  readonly isApproximate: boolean;
}

export interface PastPolls {
  /** In the order of the agents. Throws EventStoreError, or the signal's reason. */
  lastPolls(instant: PastInstant, agents: readonly AgentThen[], signal?: AbortSignal): Promise<LastPoll[]>;
}

type Reader = Pick<EventReader, 'readAll' | 'comparePositions'>;

/** Polls looked at for one question at most: 100,000 are a third of a second. */
const polledAtMost = 100_000;

interface Sought {
  readonly agent: AgentThen;
  at: string | null;
  /** Whether nothing further back could change `at`. */
  isSettled: boolean;
}

/** Creates the reading over the log. */
export function createPastPolls(reader: Reader, searchedAtMost = polledAtMost): PastPolls {
  /** The first event recorded after the instant, or the end of the log: where reading backwards begins. */
  async function endOf({ near, atMs }: PastInstant & { readonly near: Position }, signal: AbortSignal | undefined): Promise<Position | 'end'> {
    const clock = createRecordedClock(0);
    for await (const page of reader.readAll({ from: near, ...(signal && { signal }) })) {
      const after = page.find((event) => clock(event) > atMs);
      if (after !== undefined) return after.position;
    }
    return 'end';
  }

  /** Goes back through the log until every agent is settled, or too much was read. */
  async function search(instant: PastInstant & { readonly near: Position }, sought: readonly Sought[], signal: AbortSignal | undefined): Promise<void> {
    const wanted = byInstance(sought);
    const instances = new Set(sought.flatMap(({ agent }) => [agent.instanceId, agent.formerInstanceId ?? agent.instanceId]));
    const open = new Set(sought);
    const end = await endOf(instant, signal);
    let searched = 0;
    for await (const page of reader.readAll({ direction: 'backwards', from: end, limit: searchedAtMost + 1, filter: { streamPrefixes: ['polls-'] }, ...(signal && { signal }) })) {
      for (const event of page) {
        if (event.position === end) continue;
        searched += 1;
        if (instances.has(instanceIn(event.data))) take(event, wanted);
      }
      const last = page.at(-1);
      if (last === undefined) continue;
      for (const one of open) {
        one.isSettled = isSettledBy(last, one);
        if (one.isSettled) open.delete(one);
      }
      if (open.size === 0 || searched >= searchedAtMost) return;
    }
    // The log's beginning was reached: settled are those whose first poll is in what is kept.
    for (const one of open) one.isSettled = instant.keptFrom !== null && reader.comparePositions(knownSince(one.agent), instant.keptFrom) >= 0;
  }

  function take({ type, data, position }: RecordedEvent, wanted: ReadonlyMap<string, readonly Sought[]>): void {
    if (type !== 'AgentPolled') return;
    const { environmentId, instanceId, at } = JSON.parse(data) as PollEvents['AgentPolled'];
    for (const one of wanted.get(keyOf(environmentId, instanceId)) ?? []) {
      const since = instanceId === one.agent.instanceId ? one.agent.instanceSince : one.agent.formerSince;
      if (since !== null && reader.comparePositions(position, since) > 0) one.at = later(one.at, at);
    }
  }

  /** The place before which no poll of the agent counts. */
  function knownSince({ instanceSince, formerSince }: AgentThen): Position {
    return formerSince !== null && reader.comparePositions(formerSince, instanceSince) < 0 ? formerSince : instanceSince;
  }

  /** Whether the event, and so all before it, is too old to matter. */
  function isSettledBy(event: RecordedEvent, { agent, at }: Sought): boolean {
    if (at !== null && recordedAtMsOf(event) < Date.parse(at)) return true;
    return reader.comparePositions(event.position, knownSince(agent)) <= 0;
  }

  /** What the summaries say. They settle the agents of environments that were down already when they were made. */
  async function recall({ summaries }: PastInstant, sought: readonly Sought[], signal: AbortSignal | undefined): Promise<void> {
    const wanted = byInstance(sought);
    for (const from of summaries) {
      for await (const [event] of reader.readAll({ from, limit: 1, ...(signal && { signal }) })) {
        if (event?.type !== 'PollsSummarised') continue;
        const { to, agents } = JSON.parse(event.data) as RetentionEvents['PollsSummarised'];
        for (const { environmentId, instanceId, lastPolledAt } of agents) {
          for (const one of wanted.get(keyOf(environmentId, instanceId)) ?? []) {
            const { downSince } = one.agent;
            one.at = later(one.at, lastPolledAt);
            one.isSettled ||= instanceId === one.agent.instanceId && downSince !== null && downSince <= to;
          }
        }
      }
    }
  }

  return {
    async lastPolls(instant, agents, signal) {
      const sought = agents.map((agent): Sought => ({ agent, at: null, isSettled: false }));
      const unsettled = () => sought.filter(({ isSettled }) => !isSettled);
      const down = sought.filter(({ agent }) => agent.downSince !== null);
      if (down.length > 0) await recall(instant, down, signal);
      const { near } = instant;
      if (unsettled().length > 0 && near !== null) await search({ ...instant, near }, unsettled(), signal);
      if (unsettled().length > 0) await recall(instant, unsettled(), signal);
      return sought.map(({ at, isSettled }) => ({ at, isApproximate: !isSettled }));
    },
  };
}

const marker = '"instanceId":"';

/** The instance of a poll, in its JSON text: of thousands few are wanted. Inside of a JSON string the marker's quotes would be escaped. */
function instanceIn(data: string): string {
  const from = data.indexOf(marker) + marker.length;
  return data.slice(from, data.indexOf('"', from));
}

function keyOf(environmentId: string, instanceId: string): string {
  return `${environmentId} ${instanceId}`;
}

function byInstance(sought: readonly Sought[]): Map<string, Sought[]> {
  const all = new Map<string, Sought[]>();
  for (const one of sought) {
    const { environmentId, instanceId, formerInstanceId } = one.agent;
    for (const instance of [instanceId, formerInstanceId]) {
      if (instance === null) continue;
      const key = keyOf(environmentId, instance);
      all.set(key, [...(all.get(key) ?? []), one]);
    }
  }
  return all;
}

/** Instants have one form, in which text order is time order. */
function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
