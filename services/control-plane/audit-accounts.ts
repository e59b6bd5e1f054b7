/** By what accounts the audit front lets callers in: everyone's, by an API key; or, where no domain runs, the one account of a store. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticate } from '../audit/caller.ts';
import { createAttempts } from '../application/attempts.ts';
import type { Clock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';
import type { Accounts } from '../application/ports.ts';

export interface AuditAccounts {
  readonly authenticate: Authenticate;
  close(): void;
}

/** As many as when signing in: failures of one peer in a minute. */
const attemptsAllowed = { limit: 9, windowMs: 60_000 };

/**
 * An account's name, and as password an API key of it whose role is auditor or above; its own password never. Keys are checked in memory each
 * time, so a revoked one is refused at once, and what it has open ends. Failures are counted, and told that they are too many, but a key that
 * is right is never refused: nobody guesses one, so nobody keeps others out of their history.
 */
export function createKeyAccounts({ accounts, clock }: { readonly accounts: Pick<Accounts, 'principalOfApiKey' | 'onEnded'>; readonly clock: Clock }): AuditAccounts {
  const attempts = createAttempts({ clock, ...attemptsAllowed });
  return {
    authenticate(credentials, address) {
      const principal = credentials === undefined ? undefined : accounts.principalOfApiKey(credentials.password);
      if (credentials === undefined || principal?.username.toLowerCase() !== credentials.username.toLowerCase()) {
        return { refused: attempts.fail(peerGroup(address)) ? 'too-many-attempts' : 'unauthenticated' };
      }
      if (principal.role === 'metrics') return { refused: 'forbidden' };
      return { caller: { name: principal.username, mayWrite: false, onEnded: (ended) => accounts.onEnded(principal, ended) } };
    },
    close: attempts.close,
  };
}

/** One account with a password of its own. Since a person may have chosen it, a peer that failed too often is refused before it is looked at. */
export function createSingleAccount(deps: { readonly username: string; readonly password: string; readonly mayWrite: boolean; readonly clock: Clock }): AuditAccounts {
  const { username, password, mayWrite, clock } = deps;
  const attempts = createAttempts({ clock, ...attemptsAllowed });
  const right = digest(`${username}:${password}`);
  const caller = { name: username, mayWrite, onEnded: () => () => undefined };
  return {
    authenticate(credentials, address) {
      const peer = peerGroup(address);
      if (attempts.isBarred(peer)) return { refused: 'too-many-attempts' };
      if (credentials !== undefined && timingSafeEqual(digest(`${credentials.username}:${credentials.password}`), right)) return { caller };
      attempts.fail(peer);
      return { refused: 'unauthenticated' };
    },
    close: attempts.close,
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
