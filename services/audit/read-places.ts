/** How many reads and subscriptions there may be at once: of all, and of one account, so that no account keeps the others out. */
import { tooBusy } from './call-error.ts';

export interface ReadPlaces {
  /** Takes a place; answers how to leave it. Throws CallError where there is none. */
  enter(name: string): () => void;
}

/** Creates so many places. */
export function createReadPlaces({ ofAll, ofCaller }: { readonly ofAll: number; readonly ofCaller: number }): ReadPlaces {
  const taken = new Map<string, number>();
  let total = 0;
  return {
    enter(name) {
      const own = taken.get(name) ?? 0;
      if (total >= ofAll || own >= ofCaller) throw tooBusy();
      total += 1;
      taken.set(name, own + 1);
      return () => {
        total -= 1;
        const left = (taken.get(name) ?? 1) - 1;
        if (left === 0) taken.delete(name);
        else taken.set(name, left);
      };
    },
  };
}
