/** So many places in all, and so many of them for one: whoever has many keeps nobody out. */

/** A place that was taken, or why there is none: all are taken, or all that one may have. */
export type Entry = { readonly leave: () => void; readonly refused?: undefined } | { readonly refused: 'all-taken' | 'own-taken' };

export interface Places {
  /** How many are taken. */
  readonly taken: number;
  /**
   * Takes a place for `one`, until `leave` is called; calling that again does nothing. Where all are taken, the oldest place of whoever has
   * most is taken from it by its `giveWay`, if it has more even then than this one; a place without `giveWay` is kept.
   */
  enter(one: string, giveWay?: () => void): Entry;
}

interface Taken {
  readonly giveWay: (() => void) | undefined;
}

/** Creates so many places. */
export function createPlaces({ inAll, ofOne }: { readonly inAll: number; readonly ofOne: number }): Places {
  /** By whom, oldest first. */
  const taken = new Map<string, Set<Taken>>();
  let total = 0;

  function leave(one: string, place: Taken): void {
    const own = taken.get(one);
    if (own?.delete(place) !== true) return;
    total -= 1;
    if (own.size === 0) taken.delete(one);
  }

  /** Answers whether somebody gave way to one who has so many. */
  function hasRoomMade(own: number): boolean {
    let most: readonly [one: string, places: Set<Taken>] | undefined;
    for (const candidate of taken) if (candidate[1].size > (most?.[1].size ?? own + 1)) most = candidate;
    const [oldest] = most?.[1] ?? [];
    if (most === undefined || oldest?.giveWay === undefined) return false;
    leave(most[0], oldest);
    oldest.giveWay();
    return true;
  }

  return {
    get taken() {
      return total;
    },
    enter(one, giveWay) {
      const own = taken.get(one)?.size ?? 0;
      if (total >= inAll && (own >= ofOne || !hasRoomMade(own))) return { refused: 'all-taken' };
      if (own >= ofOne) return { refused: 'own-taken' };
      const place = { giveWay };
      total += 1;
      taken.set(one, (taken.get(one) ?? new Set()).add(place));
      return { leave: () => leave(one, place) };
    },
  };
}
