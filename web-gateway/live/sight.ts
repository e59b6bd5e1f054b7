/** Which changes a principal may be told of, remembered for as long as nothing that decides it changes. */
import type { Change } from '../../projections/changes/change.ts';
import type { Clock } from '../../services/application/clock.ts';
import type { Principal } from '../../services/application/ports/accounts.ts';

/** Whether somebody sees the events of an environment, or those that concern none; undefined where it is everything. */
export type IsVisible = ((environmentId: string | undefined) => boolean | Promise<boolean>) | undefined;

export interface Sight {
  /** The same for principals who see the same. */
  readonly key: string;
  /** Undefined where that is being looked up: ask again in a moment. */
  sees(change: Change): boolean | undefined;
  /** A change was committed that may decide what is seen. */
  learn(change: Change): void;
  /** Changes were committed that nobody remembers. */
  forget(): void;
}

/** Environments of which it is remembered whether one sees them; then all are looked up again. */
const REMEMBERED = 10_000;
/** What could not be looked up is not seen, and looked up again after so long. */
const RETRY_MS = 1_000;

/** @param onKnown calls back when something was looked up */
export function createSight({ userId }: Pick<Principal, 'userId'>, isVisible: IsVisible, { clock, onKnown }: { readonly clock: Clock; readonly onKnown: () => void }): Sight {
  if (isVisible === undefined) return { key: '*', sees: () => true, learn: () => undefined, forget: () => undefined };
  const look = isVisible;
  const known = new Map<string | undefined, boolean | Promise<boolean>>();
  /** Environments that were seen when they changed: that they are out of sight now is the last that is told of them. */
  const parting = new Set<string>();

  function lookUp(environmentId: string | undefined): boolean | undefined {
    const remembered = known.get(environmentId);
    if (remembered !== undefined) return typeof remembered === 'boolean' ? remembered : undefined;
    if (known.size >= REMEMBERED) known.clear();
    const answer = look(environmentId);
    known.set(environmentId, answer);
    if (typeof answer === 'boolean') return answer;
    const settle = (sees: boolean): void => {
      // Unless it was forgotten meanwhile, because what decides it changed.
      if (known.get(environmentId) === answer) known.set(environmentId, sees);
      onKnown();
    };
    answer.then(settle, () => {
      settle(false);
      clock.after(RETRY_MS, () => known.delete(environmentId));
    });
    return undefined;
  }

  return {
    key: `user ${userId}`,

    sees({ kind, environmentId, userId: whose }) {
      if (kind === 'settings' || kind === 'checkpoint') return true;
      if (kind === 'account' && whose === userId) return true;
      const sees = lookUp(environmentId ?? undefined);
      return sees === false && environmentId !== null && kind === 'environment' && parting.has(environmentId) ? true : sees;
    },

    learn({ kind, environmentId, userId: whose }) {
      if (kind === 'account' && whose === userId) {
        known.clear();
      } else if (kind === 'environment' && environmentId !== null) {
        if (parting.size >= REMEMBERED) parting.clear();
        if (known.get(environmentId) === true) parting.add(environmentId);
        else parting.delete(environmentId);
        known.delete(environmentId);
      }
    },

    forget() {
      known.clear();
      parting.clear();
    },
  };
}
