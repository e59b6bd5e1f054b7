/** Keeps a list as it is while somebody reads it, but for what is added at its end. */
import { useMemo, useState } from 'react';

/**
 * `shown` is the list, or while `isReading` what it was when that began, each item as it is now, and what came after its end since. `waiting` is
 * how many new ones there are above.
 */
export function useStandingStill<Item>(items: readonly Item[], idOf: (item: Item) => string, isReading: boolean): { readonly shown: readonly Item[]; readonly waiting: number } {
  const [frozen, setFrozen] = useState<readonly Item[]>();
  if (isReading && frozen === undefined) setFrozen(items);
  if (!isReading && frozen !== undefined) setFrozen(undefined);

  return useMemo(() => {
    if (!isReading || frozen === undefined) return { shown: items, waiting: 0 };
    const now = new Map(items.map((item) => [idOf(item), item]));
    // Another list altogether: there is nothing left to read on.
    if (!frozen.some((item) => now.has(idOf(item)))) return { shown: items, waiting: 0 };
    const known = new Set(frozen.map(idOf));
    const lastKnown = items.findLastIndex((item) => known.has(idOf(item)));
    const older = items.slice(lastKnown + 1);
    return { shown: [...frozen.map((item) => now.get(idOf(item)) ?? item), ...older], waiting: items.length - older.length - frozen.filter((item) => now.has(idOf(item))).length };
  }, [items, frozen, isReading, idOf]);
}
