/** How fast the read models catch up with a log that was there before them. */
import { join } from 'node:path';
import { pino } from 'pino';
import { createProjections } from '../../projections/open.ts';
import type { EventStore } from '../../services/event-store/port.ts';
import { appendHistory } from '../../test/projections/append-history.ts';
import { randomHistory, type HistoryOptions } from '../../test/projections/random-history.ts';

/** Appends so many events of a history. */
export async function fillHistory(store: EventStore, options: HistoryOptions, count: number): Promise<void> {
  const history = randomHistory(options);
  const revisions = new Map<string, number>();
  for (let left = count; left > 0; left -= 10_000) {
    const events = Array.from({ length: Math.min(left, 10_000) }, () => history.next().value);
    // Polls reach the store a shard at a time, and so they stand in its log.
    if (options.pollPercent > 50) events.sort((a, b) => (a.stream.startsWith('polls-') && b.stream.startsWith('polls-') ? a.stream.localeCompare(b.stream) : 0));
    await appendHistory(store, events, revisions);
  }
}

export interface CatchUp {
  readonly perSecond: number;
  /** Of this process, all its threads. */
  readonly cpuMicrosPerEvent: number;
}

/** Builds read models anew, in a file of `folder`, out of a log of so many events. */
export async function measureCatchUp(store: EventStore, folder: string, count: number): Promise<CatchUp> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const projections = await createProjections({ eventStore: store, file: join(folder, 'read-models.db'), logger: pino({ level: 'silent' }) });
  await projections.whenCaughtUp();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await projections.close();
  return { perSecond: count / seconds, cpuMicrosPerEvent: (cpu.user + cpu.system) / count };
}
