/** Accounts as an admin keeps them: made, listed, changed and removed; and one's own password, which everyone may change. */
import type { AccountSummary, ActiveAccount } from '../domain/account.ts';
import { Refusal } from '../domain/refusal.ts';
import type { AccountDirectory } from './account-directory.ts';
import { checkGrants, checkPassword, checkUsername } from './account-input.ts';
import type { InTurn } from './in-turn.ts';
import type { PasswordCheck } from './password-check.ts';
import type { Principal } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { OnlyIf } from './ports/environments.ts';
import type { EditableUser, UserChanges, Users } from './ports/users.ts';
import { randomId } from './random-id.ts';
import type { InstallationSecrets } from './sealing.ts';
import type { Sessions } from './sessions.ts';
import { checkRoomForUser } from './user-limit.ts';

/**
 * Creates the use cases.
 * @param seesAll whether the principal may know of other accounts than its own
 * @param inTurn runs what decides on all accounts (names, the last admin) one after the other
 */
export function createUsers(deps: {
  readonly directory: AccountDirectory;
  readonly sessions: Pick<Sessions, 'lastSignedInAt'>;
  readonly passwords: PasswordCheck;
  readonly secrets: InstallationSecrets;
  readonly seesAll: (principal: Principal) => boolean;
  readonly inTurn: InTurn;
}): Users {
  const { directory, sessions, passwords, secrets, seesAll, inTurn } = deps;

  function summary(account: ActiveAccount): AccountSummary {
    const { userId: id, username, role, grants, createdAt, passwordChangedAt, passwordHash } = account;
    return { id, username, role, grants, createdAt, passwordChangedAt, signsInBy: passwordHash === null ? 'openid-connect' : 'password', lastSignedInAt: sessions.lastSignedInAt(id) };
  }

  /** Throws user-not-found, also where the principal may not know of it. */
  function visible(principal: Principal, userId: string): ActiveAccount {
    const account = directory.find(userId);
    if (account === undefined || (userId !== principal.userId && !seesAll(principal))) throw new ApplicationError('user-not-found', 'there is no such user');
    return account;
  }

  /** Throws last-admin. */
  function keepAnAdmin(account: ActiveAccount, role: ActiveAccount['role'] | undefined): void {
    // One whom a provider vouches for does not count: the provider may be away, or change its mind.
    const isOne = (one: ActiveAccount): boolean => one.role === 'admin' && one.passwordHash !== null;
    const isLast = isOne(account) && role !== 'admin' && directory.all().filter(isOne).length === 1;
    if (isLast) throw new ApplicationError('last-admin', 'this is the last admin with a password: make another one first');
  }

  /** Whoever waited for a turn may no longer be an admin, or be gone. The machine's own operator has no account. Throws role-not-allowed. */
  function checkIsStill({ userId, role, session, apiKeyId }: Principal): void {
    const hasAccount = session !== null || apiKeyId !== null;
    if (hasAccount && role === 'admin' && directory.find(userId)?.role !== 'admin') throw new ApplicationError('role-not-allowed', 'you are no longer an admin: somebody changed that meanwhile');
  }

  async function checkMayChange(principal: Principal, account: ActiveAccount, { role, grants, password, currentPassword }: UserChanges): Promise<void> {
    const isOwn = account.userId === principal.userId;
    if (principal.role !== 'admin' && (!isOwn || role !== undefined || grants !== undefined)) {
      throw new ApplicationError('role-not-allowed', 'only an admin changes accounts; of your own you may change the password');
    }
    if (!isOwn || password === undefined || account.passwordHash === null) return;
    if (principal.apiKeyId !== null && principal.role !== 'admin') throw new ApplicationError('role-not-allowed', 'an API key changes no password; sign in to change yours');
    if (currentPassword === undefined) throw new ApplicationError('current-password-wrong', 'to change your own password, send the current one too', { pointer: '/currentPassword' });
    // Under a name of its own: who guesses here has a session already, and must not bar its address from signing in.
    if (!(await passwords.isRight(currentPassword, secrets.open(account.passwordHash), `password of ${account.userId}`))) {
      throw new ApplicationError('current-password-wrong', 'the current password is not right', { pointer: '/currentPassword' });
    }
  }

  return {
    list: (principal) => directory.all().filter(({ userId }) => userId === principal.userId || seesAll(principal)).map(summary),
    find: (principal, userId) => summary(visible(principal, userId)),
    named(principal, username) {
      const account = directory.named(username);
      return account !== undefined && (account.userId === principal.userId || seesAll(principal)) ? summary(account) : undefined;
    },

    async create(principal, { username: asked, password, role, grants: wanted = [] }, context) {
      const username = checkUsername(asked);
      const grants = checkGrants(wanted);
      const passwordHash = secrets.seal(await passwords.hash(checkPassword(password, username)));
      return inTurn(async () => {
        checkIsStill(principal);
        if (directory.named(username) !== undefined) throw new ApplicationError('username-taken', `a user named ${username} exists already; choose another name`, { pointer: '/username' });
        checkRoomForUser(directory);
        const userId = randomId();
        const { state, position } = await run(() => directory.execute(userId, { type: 'create', username, role, grants, passwordHash, identity: null }, context));
        if (state.status !== 'active') throw new ApplicationError('conflict', 'the user was removed while it was created');
        return { user: summary(state), position };
      });
    },

    async change(principal, userId, changes, context, onlyIf = always) {
      const account = visible(principal, userId);
      await checkMayChange(principal, account, changes);
      const { role, password } = changes;
      const grants = changes.grants === undefined ? undefined : checkGrants(changes.grants);
      const passwordHash = password === undefined ? undefined : secrets.seal(await passwords.hash(checkPassword(password, account.username)));
      return inTurn(async () => {
        checkIsStill(principal);
        const now = visible(principal, userId);
        check(now, onlyIf);
        if (role !== undefined) keepAnAdmin(now, role);
        const command = { type: 'change', ...(role && { role }), ...(grants && { grants }), ...(passwordHash && { passwordHash }) } as const;
        const { state, position } = await run(() => directory.execute(userId, command, context));
        if (state.status !== 'active') throw new ApplicationError('user-not-found', 'there is no such user');
        return { user: summary(state), position };
      });
    },

    remove: (principal, userId, context, onlyIf = always) =>
      inTurn(async () => {
        checkIsStill(principal);
        const now = visible(principal, userId);
        check(now, onlyIf);
        keepAnAdmin(now, undefined);
        const { position } = await run(() => directory.execute(userId, { type: 'remove' }, context));
        return { position };
      }),
  };
}

const always = (): boolean => true;

/** Throws precondition-failed. */
function check(account: ActiveAccount, onlyIf: OnlyIf<EditableUser>): void {
  if (!onlyIf(account)) throw new ApplicationError('precondition-failed', 'somebody changed the user meanwhile; read it again');
}

async function run<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'grants-not-for-role') {
      throw new ApplicationError('invalid-grants', 'grants are for operators: admins and auditors reach every environment, metrics none', { pointer: '/grants', cause: error });
    }
    if (error.code === 'no-password-here') throw new ApplicationError('no-password-here', 'this user signs in by OpenID Connect, and has no password here', { pointer: '/password', cause: error });
    throw new ApplicationError('user-not-found', 'there is no such user', { cause: error });
  }
}
