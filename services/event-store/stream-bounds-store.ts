/** For a store that removes by itself: tells it how long and how many events of each expiring stream stay, when they are first written. */
import { categoryOf } from './category.ts';
import type { EventStore, StreamMetadata } from './port.ts';

/** What stays of a stream; what is undefined bounds nothing. */
export interface StreamBounds {
  /** Seconds. */
  readonly maxAge: number | undefined;
  /** Events. */
  readonly maxCount: number | undefined;
}

/** A store that tells the server what of its streams stays. */
export interface StreamBoundsStore extends EventStore {
  /** What streams were told no longer holds: each is told anew at its next append. */
  retell(): void;
}

const boundNames = ['maxAge', 'maxCount'] as const;

/** In a stream's metadata, which bounds are Homeport's: those alone it takes away again, and none that an operator set. */
const marker = 'homeportSets';

/**
 * The store with `$maxAge` and `$maxCount` set on streams of expiring categories. `boundsOf` is what of a category's streams stays; undefined
 * where all does, for ever. Where a stream could not be told, `onUntold` is, and it is tried again at its next append: its events only stay longer.
 */
export function createStreamBoundsStore(
  store: EventStore,
  deps: { readonly boundsOf: (category: string) => StreamBounds | undefined; readonly onUntold: (stream: string, error: unknown) => void },
): StreamBoundsStore {
  const { boundsOf, onUntold } = deps;
  const told = new Set<string>();

  async function tell(stream: string, bounds: StreamBounds): Promise<void> {
    try {
      const { metadata, revision } = await store.getStreamMetadata(stream);
      const next = bounded(metadata, bounds);
      if (boundNames.every((name) => next[name] === metadata[name])) return;
      await store.setStreamMetadata(stream, next, { expectedRevision: revision ?? 'no-stream' });
    } catch (error) {
      told.delete(stream);
      onUntold(stream, error);
    }
  }

  return {
    ...store,
    async append(stream, events, options) {
      const result = await store.append(stream, events, options);
      const bounds = told.has(stream) ? undefined : boundsOf(categoryOf(stream));
      if (bounds !== undefined) {
        told.add(stream);
        void tell(stream, bounds);
      }
      return result;
    },
    retell() {
      told.clear();
    },
  };
}

/** The metadata with these bounds, and all else as it was. */
function bounded(metadata: StreamMetadata, bounds: StreamBounds): StreamMetadata {
  const before: unknown = metadata[marker];
  const ours: readonly unknown[] = Array.isArray(before) ? before : [];
  const isGone = (name: string): boolean => name === marker || (ours.includes(name) && (boundNames as readonly string[]).includes(name));
  const others = Object.entries(metadata).filter(([name]) => !isGone(name));
  const wanted = boundNames.filter((name) => bounds[name] !== undefined);
  return {
    ...Object.fromEntries(others),
    ...Object.fromEntries(wanted.map((name) => [name, bounds[name]])),
    ...(wanted.length === 0 ? {} : { [marker]: wanted }),
  };
}
