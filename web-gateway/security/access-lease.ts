/**
 * What holds a stream or channel open for somebody holds a lease: its signal aborts at once when their session, key, role or grant
 * is gone. Whatever lasts longer than an answer takes one, first of all, and checks after that; so nothing slips in between.
 */
import type { Accounts, Principal } from '../../services/application/ports/accounts.ts';
import type { EnvironmentAccess } from '../../services/application/ports/users.ts';
import type { EnvironmentAccessLevel } from '../../services/domain/grants.ts';
import { GatewayError } from '../problems/gateway-error.ts';

export interface AccessLease {
  /** Aborts with a {@link GatewayError}: session-ended, or access-ended where the environment is out of reach now. */
  readonly signal: AbortSignal;
  /** The stream is over. Until then a session counts as used. */
  release(): void;
}

export interface AccessLeases {
  /**
   * @param held the environment that the stream is about, and how far it goes there, or `everything` where it is about all of them;
   * leave it out where the stream shows what is in reach, and looks itself
   */
  take(principal: Principal, held?: { readonly environmentId: string; readonly needed: EnvironmentAccessLevel } | 'everything'): AccessLease;
}

export function createAccessLeases({
  accounts,
  environmentAccess,
}: {
  readonly accounts: Pick<Accounts, 'onEnded'>;
  readonly environmentAccess: Pick<EnvironmentAccess, 'onLost'>;
}): AccessLeases {
  return {
    take(principal, held) {
      const aborter = new AbortController();
      const ways = [
        accounts.onEnded(principal, () => {
          aborter.abort(new GatewayError('session-ended', 'The session or API key of this call has ended.'));
        }),
      ];
      if (held !== undefined) {
        const lost = (): void => aborter.abort(new GatewayError('access-ended', 'Your access was taken or lowered.'));
        ways.push(environmentAccess.onLost(principal, held, lost));
      }
      const release = (): void => {
        for (const way of ways.splice(0)) way();
      };
      return { signal: aborter.signal, release };
    },
  };
}
