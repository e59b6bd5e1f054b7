/** Signing in by an identity that a provider vouches for: the account is made at the first time, and has the role that the provider's groups give. */
import type { ActiveAccount } from '../domain/account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { isUsername } from './account-input.ts';
import { createAttempts } from './attempts.ts';
import type { Clock } from './clock.ts';
import type { InTurn } from './in-turn.ts';
import { peerGroup } from './peer-address.ts';
import type { Accounts, ProvenIdentity } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import { randomId } from './random-id.ts';
import type { Sessions } from './sessions.ts';
import type { SignInRefusals } from './sign-in-refusals.ts';
import { checkRoomForUser } from './user-limit.ts';

export interface IdentitySignIn extends Pick<Accounts, 'signInByIdentity'> {
  close(): void;
}

/** Creates it. @param inTurn runs what decides on all accounts one after the other */
export function createIdentitySignIn(deps: {
  readonly directory: AccountDirectory;
  readonly sessions: Pick<Sessions, 'begin' | 'revokeAll'>;
  readonly refusals: SignInRefusals;
  readonly clock: Clock;
  readonly inTurn: InTurn;
}): IdentitySignIn {
  const { directory, sessions, refusals, clock, inTurn } = deps;
  /** Each asks the provider: who only fails must not make this server ask for ever. */
  const attempts = createAttempts({ clock, limit: 20, windowMs: 60_000 });

  function known({ issuer, subject }: ProvenIdentity): ActiveAccount | undefined {
    return directory.all().find(({ identity }) => identity?.issuer === issuer && identity.subject === subject);
  }

  async function create({ issuer, subject, username: wanted }: ProvenIdentity, role: ActiveAccount['role'], correlationId: string): Promise<ActiveAccount> {
    checkRoomForUser(directory);
    const username = freeName(wanted);
    const command = { type: 'create', username, role, grants: [], passwordHash: null, identity: { issuer, subject } } as const;
    const { state } = await directory.execute(randomId(), command, { actor: `user:${username}`, correlationId });
    if (state.status !== 'active') throw new ApplicationError('conflict', 'the user was removed while it was created');
    return state;
  }

  /** A name that is taken is somebody else's, whatever the provider calls whoever comes: it gets a number. */
  function freeName(wanted: string): string {
    const base = wanted.replace(/[^a-z0-9._@-]+/gi, '-').replace(/^[^a-z0-9]+/i, '').slice(0, 56) || 'user';
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${String(number)}`;
      if (isUsername(name) && directory.named(name) === undefined) return name;
    }
  }

  /** Who is in none of the groups any more keeps an account without a use, so that its keys are worth nothing. */
  async function shutOut(account: ActiveAccount, context: CommandContext): Promise<void> {
    await directory.execute(account.userId, { type: 'change', role: 'metrics' }, context);
    await sessions.revokeAll(account.userId, context);
  }

  return {
    async signInByIdentity(redeem, { address, correlationId }) {
      const peer = peerGroup(address);
      if (attempts.fail(peer)) throw new ApplicationError('too-many-attempts', 'too many failed attempts from this address; wait a minute', { retryAfterSeconds: attempts.retryAfterSeconds(peer) });
      let identity: ProvenIdentity;
      try {
        identity = await redeem();
      } catch (error) {
        await refusals.record({ username: null, address, reason: 'openid-connect-failed' }, { actor: 'user:unknown', correlationId });
        throw error;
      }
      const { role } = identity;
      return inTurn(async () => {
        const account = known(identity);
        const context = { actor: account === undefined ? 'user:unknown' : `user:${account.username}`, correlationId };
        if (role === undefined) {
          if (account !== undefined) await shutOut(account, context);
          await refusals.record({ username: account?.username ?? null, address, reason: 'sign-in-not-allowed' }, context);
          throw new ApplicationError('sign-in-not-allowed', 'the provider knows you, but none of your groups has a role here; ask an admin');
        }
        if (account !== undefined && account.role !== role) await directory.execute(account.userId, { type: 'change', role }, context);
        const current = account === undefined ? await create(identity, role, correlationId) : (directory.find(account.userId) ?? account);
        attempts.forgive(peer);
        return sessions.begin(current, { address, method: 'openid-connect' }, { ...context, actor: `user:${current.username}` });
      });
    },
    close: attempts.close,
  };
}
