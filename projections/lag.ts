/** How far the read models are behind the log, asked of the store when somebody wants to know. */
import type { EventReader, Position } from '../services/event-store/port.ts';
import type { ProjectionsLag } from './port.ts';

const none: ProjectionsLag = { events: 0, seconds: 0 };

/** What stands in the log after the applied position. `nowMs` is the wall clock, as the store's `createdAtMs` is. Throws EventStoreError. */
export async function lagBehind(
  reader: Pick<EventReader, 'headPosition' | 'readAll' | 'comparePositions' | 'countBetween'>,
  applied: Position | undefined,
  nowMs: number,
): Promise<ProjectionsLag> {
  const head = await reader.headPosition();
  if (head === undefined || (applied !== undefined && reader.comparePositions(applied, head) >= 0)) return none;
  const events = reader.countBetween?.(applied, head) ?? null;
  for await (const page of reader.readAll({ from: applied ?? 'start', limit: 2 })) {
    const first = page.find(({ position }) => position !== applied);
    if (first !== undefined) return { events, seconds: Math.max(0, nowMs - first.createdAtMs) / 1000 };
  }
  // What was beyond has expired: nothing is left to apply.
  return none;
}
