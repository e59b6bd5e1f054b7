/** The bounded memory of recent event ids by which appends with `any` and `stream-exists` are idempotent. */
import type { StreamHead } from './stream-heads.ts';

/** Where an event stands, or will stand once its batch is committed. */
export interface RecentEvent {
  readonly id: string;
  readonly head: StreamHead;
  readonly revision: number;
  /** 0 until its batch gives it one. */
  readonly position: number;
}

export interface RecentIds {
  note(id: string, head: StreamHead, revision: number): void;
  /** How many were ever noted: the number of the next one, from 0. */
  readonly noted: number;
  /** Gives the event that was noted under this number its position. */
  place(number: number, position: number): void;
  find(id: string): RecentEvent | undefined;
  /** Forgets the events from this number on: their batch was rolled back. */
  forgetFrom(number: number): void;
}

/**
 * Remembers the newest `capacity` events. Noting one is three writes to arrays: the index is made when somebody asks, so
 * writers that give explicit revisions, which need no memory, don't pay for it. Nothing of an event but its id is kept alive.
 */
export function createRecentIds(capacity: number): RecentIds {
  const ids: (string | undefined)[] = new Array<string | undefined>(capacity).fill(undefined);
  const heads: (StreamHead | undefined)[] = new Array<StreamHead | undefined>(capacity).fill(undefined);
  const revisions = new Float64Array(capacity);
  const positions = new Float64Array(capacity);
  /** By id, the number of the newest event with it. */
  const index = new Map<string, number>();
  let noted = 0;
  let indexed = 0;

  /** Takes the event with this number out of the index. */
  const unindex = (number: number): void => {
    const id = ids[number % capacity];
    if (id !== undefined && index.get(id) === number) index.delete(id);
  };

  return {
    note: (id, head, revision) => {
      const slot = noted % capacity;
      if (index.size > 0) unindex(noted - capacity);
      ids[slot] = id;
      heads[slot] = head;
      revisions[slot] = revision;
      positions[slot] = 0;
      noted += 1;
    },
    get noted() {
      return noted;
    },
    place: (number, position) => {
      // A batch larger than the memory has overwritten its own beginning.
      if (number >= noted - capacity) positions[number % capacity] = position;
    },
    find: (id) => {
      for (indexed = Math.max(indexed, noted - capacity); indexed < noted; indexed += 1) {
        const known = ids[indexed % capacity];
        if (known !== undefined) index.set(known, indexed);
      }
      const number = index.get(id);
      const slot = number === undefined ? 0 : number % capacity;
      const head = number === undefined ? undefined : heads[slot];
      if (head === undefined) return undefined;
      return {
        id,
        head,
        revision: revisions[slot] ?? 0,
        get position() {
          return positions[slot] ?? 0;
        },
      };
    },
    forgetFrom: (number) => {
      for (; noted > number; noted -= 1) {
        const slot = (noted - 1) % capacity;
        if (index.size > 0) unindex(noted - 1);
        ids[slot] = undefined;
        heads[slot] = undefined;
      }
      indexed = Math.min(indexed, noted);
    },
  };
}
