/** Puts a history into a real store. */
import type { EventStore } from '../../services/event-store/port.ts';
import type { HistoryEvent } from './random-history.ts';

/** Appends events in their order, many at a time. `revisions` is kept between calls by whoever calls more than once. */
export async function appendHistory(store: EventStore, events: readonly HistoryEvent[], revisions: Map<string, number> = new Map()): Promise<void> {
  const appends: Promise<unknown>[] = [];
  let run: HistoryEvent[] = [];
  const flush = () => {
    const stream = run[0]?.stream;
    if (stream === undefined) return;
    const revision = revisions.get(stream);
    const options = { expectedRevision: revision ?? ('no-stream' as const) };
    appends.push(store.append(stream, run, options));
    revisions.set(stream, (revision ?? -1) + run.length);
    run = [];
  };
  for (const event of events) {
    if (run.length > 0 && (run[0]?.stream !== event.stream || run.length >= 500)) flush();
    run.push(event);
    if (appends.length >= 2000) await Promise.all(appends.splice(0));
  }
  flush();
  await Promise.all(appends);
}
