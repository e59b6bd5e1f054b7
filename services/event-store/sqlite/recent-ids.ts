/** The bounded memory of recent event ids by which appends with `any` and `stream-exists` are idempotent. */
import type { StreamHead } from './stream-heads.ts';

/** Where an event stands, or will stand once its batch is committed. */
export interface PlacedEvent {
  readonly id: string;
  readonly head: StreamHead;
  readonly revision: number;
  /** 0 until the batch gives it one. */
  position: number;
}

export interface RecentIds {
  note(event: PlacedEvent): void;
  find(id: string): PlacedEvent | undefined;
  /** Forgets the newest `count` events: their batch was rolled back. */
  forgetNewest(count: number): void;
}

/**
 * Remembers the newest `capacity` events. Noting one is a write to an array: the index is made when somebody asks, so
 * writers that give explicit revisions, which need no memory, don't pay for it.
 */
export function createRecentIds(capacity: number): RecentIds {
  const ring: (PlacedEvent | undefined)[] = new Array<PlacedEvent | undefined>(capacity).fill(undefined);
  const index = new Map<string, PlacedEvent>();
  let noted = 0;
  let indexed = 0;

  const drop = (slot: number): void => {
    const old = ring[slot];
    if (old !== undefined && index.size > 0 && index.get(old.id) === old) index.delete(old.id);
    ring[slot] = undefined;
  };

  return {
    note: (event) => {
      const slot = noted % capacity;
      drop(slot);
      ring[slot] = event;
      noted += 1;
    },
    find: (id) => {
      for (indexed = Math.max(indexed, noted - capacity); indexed < noted; indexed += 1) {
        const event = ring[indexed % capacity];
        if (event !== undefined) index.set(event.id, event);
      }
      return index.get(id);
    },
    forgetNewest: (count) => {
      for (let left = count; left > 0 && noted > 0; left -= 1) {
        noted -= 1;
        drop(noted % capacity);
      }
      indexed = Math.min(indexed, noted);
    },
  };
}
