/** Who waits for the end of a session, an API key or an account, so that what it holds open ends with it. */

export interface Endings {
  /** Calls back once, when `id` has ended. Returns the way out. */
  watch(id: string, ended: () => void): () => void;
  announce(id: string): void;
}

/** Creates the list of those who wait. */
export function createEndings(): Endings {
  const watchers = new Map<string, Set<() => void>>();
  return {
    watch(id, ended) {
      const those = watchers.get(id) ?? new Set();
      those.add(ended);
      watchers.set(id, those);
      return () => {
        those.delete(ended);
        if (those.size === 0 && watchers.get(id) === those) watchers.delete(id);
      };
    },
    announce(id) {
      const those = watchers.get(id);
      watchers.delete(id);
      those?.forEach((ended) => {
        ended();
      });
    },
  };
}
