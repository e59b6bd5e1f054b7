/** What one live client wants to be told. */
import { allKinds, type Change, type ChangeKind } from '../../projections/changes/change.ts';
import { GatewayError } from '../problems/gateway-error.ts';

export interface LiveFilter {
  /** Only what concerns these environments; undefined is everything. */
  readonly environmentIds: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<ChangeKind>;
  /** The same for filters that let the same through. */
  readonly key: string;
  passes(change: Change): boolean;
}

/** Polls of so many environments may be asked for by one client. */
export const MOST_POLLED_ENVIRONMENTS = 20;
/** Of which environments one client may ask at once. */
export const MOST_ENVIRONMENTS = 100;
/** All but polls, of which there are thousands a second. */
const USUAL_KINDS = allKinds.filter((kind) => kind !== 'poll');

/** Without environments all are meant, without kinds all but polls. Throws {@link GatewayError} invalid-request for polls of too many environments, or of all. */
export function createLiveFilter(asked: { readonly environmentIds?: readonly string[] | undefined; readonly kinds?: readonly ChangeKind[] | undefined }): LiveFilter {
  const environmentIds = asked.environmentIds === undefined ? undefined : new Set(asked.environmentIds);
  const kinds = new Set(asked.kinds ?? USUAL_KINDS);
  if (kinds.has('poll') && (environmentIds === undefined || environmentIds.size > MOST_POLLED_ENVIRONMENTS)) {
    const reason = `needs environment, ${MOST_POLLED_ENVIRONMENTS} at most`;
    throw new GatewayError('invalid-request', `kind poll ${reason}.`, { faults: [{ parameter: 'kind', reason }] });
  }
  return {
    environmentIds,
    kinds,
    key: `${[...kinds].sort().join(',')};${environmentIds === undefined ? '*' : [...environmentIds].sort().join(',')}`,
    passes: ({ kind, environmentId }) => kinds.has(kind) && (environmentIds === undefined || (environmentId !== null && environmentIds.has(environmentId))),
  };
}
