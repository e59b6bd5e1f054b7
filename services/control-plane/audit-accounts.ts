/** By what accounts the audit front lets callers in: everyone's, by an API key; or, where no domain runs, the one account of a store. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import type { Authenticate } from '../audit/caller.ts';
import { createAttempts } from '../application/attempts.ts';
import type { Clock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';
import type { Accounts } from '../application/ports/accounts.ts';
import type { EnvironmentAccess } from '../application/ports/users.ts';

/** Who may come in at the audit port. */
export interface AuditAccounts {
  readonly authenticate: Authenticate;
  close(): void;
}

interface AuditAccountsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long the password of a store's one account is at least. A right one is never refused, however many failed before it: so nobody may guess it. */
export const AUDIT_PASSWORD_CHARACTERS = 16;

/**
 * An account's name, and as password an API key of it whose role is auditor or above; its own password never. An operator's grants must reach
 * every environment: what is read here is all or nothing. Keys are checked in memory each time, so a revoked one is refused at once, and what
 * it has open ends.
 */
export function createKeyAccounts(
  deps: AuditAccountsDeps & {
    readonly accounts: Pick<Accounts, 'principalOfApiKey' | 'onEnded' | 'apiKeyRefused'>;
    readonly environmentAccess: Pick<EnvironmentAccess, 'tagsInReach' | 'onLost'>;
  },
): AuditAccounts {
  const { accounts, environmentAccess } = deps;
  const failures = createFailures(deps);
  return {
    authenticate(credentials, address) {
      const origin = { address, correlationId: randomUUID() };
      const principal = credentials === undefined ? undefined : accounts.principalOfApiKey(credentials.password, origin);
      if (credentials === undefined || principal?.username.toLowerCase() !== credentials.username.toLowerCase()) {
        if (credentials !== undefined) void accounts.apiKeyRefused(credentials.password, origin).catch(() => undefined);
        return failures.count(address);
      }
      if (principal.role === 'metrics' || environmentAccess.tagsInReach(principal) !== undefined) return { refused: 'forbidden' };
      const onEnded = (ended: () => void): (() => void) => {
        const ways = [accounts.onEnded(principal, ended), environmentAccess.onLost(principal, 'everything', ended)];
        return () => {
          for (const way of ways) way();
        };
      };
      return { caller: { name: principal.username, mayWrite: false, onEnded } };
    },
    close: failures.close,
  };
}

/** One account with a password of its own, of {@link AUDIT_PASSWORD_CHARACTERS} or more. */
export function createSingleAccount(deps: AuditAccountsDeps & { readonly username: string; readonly password: string; readonly mayWrite: boolean }): AuditAccounts {
  const { username, password, mayWrite } = deps;
  const failures = createFailures(deps);
  const right = digest(`${username}:${password}`);
  const caller = { name: username, mayWrite, onEnded: () => () => undefined };
  return {
    authenticate(credentials, address) {
      if (credentials !== undefined && timingSafeEqual(digest(`${credentials.username}:${credentials.password}`), right)) return { caller };
      return failures.count(address);
    },
    close: failures.close,
  };
}

interface Failures {
  /** One more of this address, and how it is refused. */
  count(address: string): { readonly refused: 'unauthenticated' | 'too-many-attempts' };
  close(): void;
}

/** Counts as signing in does: what fails of one peer in a minute. Past it each failure ends the connection, and the first is logged. */
function createFailures({ clock, logger }: AuditAccountsDeps): Failures {
  const attempts = createAttempts({ clock, limit: 9, windowMs: 60_000 });
  const floods = createAttempts({ clock, limit: 1, windowMs: 60_000 });
  return {
    count(address) {
      const peer = peerGroup(address);
      if (!attempts.fail(peer)) return { refused: 'unauthenticated' };
      if (!floods.fail(peer)) logger.warn({ address }, 'too many failed attempts at the audit port');
      return { refused: 'too-many-attempts' };
    },
    close() {
      attempts.close();
      floods.close();
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
