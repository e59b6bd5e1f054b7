/** A history with summaries of its polls, as the control plane appends them: every agent that ever polled, in each round. */
import { randomUUID } from 'node:crypto';
import type { DomainEvent, PollEvents } from '../../services/domain/events.ts';
import type { HistoryEvent } from './random-history.ts';

/** When an event says that it was recorded, in milliseconds since 1970. */
export function recordedMs({ metadata }: { readonly metadata: string }): number {
  return Date.parse((JSON.parse(metadata) as { readonly recordedAt: string }).recordedAt);
}

/** An event that the control plane says of its own record, at an instant. */
export function retentionEvent({ type, data }: DomainEvent): HistoryEvent {
  return { id: randomUUID(), stream: 'retention-cp', type, data: JSON.stringify(data), metadata: JSON.stringify({ recordedAt: data.at }) };
}

/** The history, and a summary whenever `roundMs` have gone by its own time. */
export function* withSummaries(history: readonly HistoryEvent[], roundMs: number): Generator<HistoryEvent> {
  const agents = new Map<string, { environmentId: string; node: string; instanceId: string; lastSequence: number; count: number; lastPolledAt: string }>();
  const [first] = history;
  let nextMs = (first === undefined ? 0 : recordedMs(first)) + roundMs;
  for (const event of history) {
    for (; recordedMs(event) >= nextMs; nextMs += roundMs) {
      const at = new Date(nextMs).toISOString();
      yield retentionEvent({ type: 'PollsSummarised', data: { at, shard: 0, from: new Date(nextMs - roundMs).toISOString(), to: at, agents: [...agents.values()] } });
    }
    yield event;
    if (event.type !== 'AgentPolled') continue;
    const { environmentId, node, instanceId, sequence, at } = JSON.parse(event.data) as PollEvents['AgentPolled'];
    agents.set(`${environmentId}/${instanceId}`, { environmentId, node, instanceId, lastSequence: sequence, count: 1, lastPolledAt: at });
  }
}
