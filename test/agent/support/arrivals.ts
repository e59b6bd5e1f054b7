/** Things that arrive one after the other, for tests that wait for the one they mean. */

export interface Arrivals<T> {
  readonly all: readonly T[];
  add(item: T): void;
  /** The next one that was not taken yet. */
  next(): Promise<T>;
  /** The first one, taken or not, that fits. */
  first(fits: (item: T) => boolean): Promise<T>;
}

/** Creates an empty row. */
export function createArrivals<T>(): Arrivals<T> {
  const all: T[] = [];
  const waiting = new Set<() => void>();
  let taken = 0;

  const until = async <R>(look: () => R | undefined): Promise<R> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };

  return {
    all,
    add(item) {
      all.push(item);
      const resolvers = [...waiting];
      waiting.clear();
      for (const resolve of resolvers) resolve();
    },
    async next() {
      const index = taken++;
      const [item] = await until(() => (index < all.length ? all.slice(index, index + 1) : undefined));
      return item as T;
    },
    async first(fits) {
      const [item] = await until(() => {
        const index = all.findIndex(fits);
        return index < 0 ? undefined : all.slice(index, index + 1);
      });
      return item as T;
    },
  };
}
