/** A live client's wish to be told of something else from now on, as it is said over a WebSocket. */
import { allKinds, type ChangeKind } from '../../projections/changes/change.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import type { Said } from '../websockets/inbox.ts';
import { createLiveFilter, MOST_ENVIRONMENTS, type LiveFilter } from './live-filter.ts';

const ENVIRONMENT_ID = /^[a-z0-9]{1,64}$/;

/** Throws {@link GatewayError} invalid-request. */
export function readFilterMessage(said: Said): LiveFilter {
  if (said.kind !== 'message' || said.message.type !== 'filter') throw wrong('The only message that is understood here is of type filter');
  const { environments, kinds } = said.message;
  if (!isListOf(environments, (one) => typeof one === 'string' && ENVIRONMENT_ID.test(one))) throw wrong(`filter: environments must be a list of at most ${MOST_ENVIRONMENTS} ids`);
  if (!isListOf(kinds, (one) => (allKinds as readonly unknown[]).includes(one))) throw wrong(`filter: kinds must be a list of ${allKinds.join(', ')}`);
  return createLiveFilter({ environmentIds: environments as readonly string[] | undefined, kinds: kinds as readonly ChangeKind[] | undefined });
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.length <= MOST_ENVIRONMENTS && value.every(isOne));
}

function wrong(what: string): GatewayError {
  return new GatewayError('invalid-request', `${what}.`);
}
