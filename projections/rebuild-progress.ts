/** How far a rebuild has come, told in what people can make something of. */
import type { EventStore, Position } from '../services/event-store/port.ts';
import type { RebuildProgress } from './port.ts';

/** Applied so far by a new file: how many events, and up to where. */
export interface AppliedSoFar {
  readonly applied: Position | undefined;
  readonly events: number;
}

/** Creates what turns that into progress on the way to where the log's head is now. Throws EventStoreError. */
export async function createRebuildProgress(
  eventStore: Pick<EventStore, 'headPosition' | 'countBetween'>,
  onProgress: (progress: RebuildProgress) => void,
): Promise<(soFar: AppliedSoFar) => void> {
  const head = await eventStore.headPosition();
  const places = head === undefined ? undefined : eventStore.countBetween?.(undefined, head);
  return ({ applied, events }) => {
    const done = applied === undefined ? 0 : eventStore.countBetween?.(undefined, applied);
    const share = done === undefined || places === undefined ? null : Math.min(1, done / Math.max(1, places));
    onProgress({ events, share });
  };
}
