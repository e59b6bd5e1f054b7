/** For a store that removes by itself: tells it how long the events of each expiring stream stay, when they are first written. */
import { categoryOf } from './category.ts';
import type { EventStore } from './port.ts';

/** A store that tells the server how long its streams stay. */
export interface MaxAgeStore extends EventStore {
  /** What streams were told no longer holds: each is told anew at its next append. */
  retell(): void;
}

/**
 * The store with `$maxAge` set on streams of expiring categories. `maxAgeSeconds` is how long a category's events stay; undefined for
 * ever. Where a stream could not be told, `onUntold` is, and it is tried again at its next append: its events only stay longer.
 */
export function createMaxAgeStore(store: EventStore, deps: { readonly maxAgeSeconds: (category: string) => number | undefined; readonly onUntold: (stream: string, error: unknown) => void }): MaxAgeStore {
  const { maxAgeSeconds, onUntold } = deps;
  const told = new Set<string>();

  async function tell(stream: string, maxAge: number): Promise<void> {
    try {
      const { metadata, revision } = await store.getStreamMetadata(stream);
      if (metadata.maxAge === maxAge) return;
      await store.setStreamMetadata(stream, { ...metadata, maxAge }, { expectedRevision: revision ?? 'no-stream' });
    } catch (error) {
      told.delete(stream);
      onUntold(stream, error);
    }
  }

  return {
    ...store,
    async append(stream, events, options) {
      const result = await store.append(stream, events, options);
      const maxAge = told.has(stream) ? undefined : maxAgeSeconds(categoryOf(stream));
      if (maxAge !== undefined) {
        told.add(stream);
        void tell(stream, maxAge);
      }
      return result;
    },
    retell() {
      told.clear();
    },
  };
}
