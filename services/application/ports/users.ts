/** Users, and which environments they reach. */
import type { AccountSummary } from '../../domain/account.ts';
import type { Grant, Role } from '../../domain/events.ts';
import type { EnvironmentAccessLevel } from '../../domain/grants.ts';
import type { Position } from '../../event-store/port.ts';
import type { Principal } from './accounts.ts';
import type { CommandContext } from './command-context.ts';
import type { OnlyIf } from './environments.ts';
import type { EventQuery } from './history.ts';

/** What may be changed of an account; a changed password shows by its time. */
export type EditableUser = Pick<AccountSummary, 'role' | 'grants' | 'passwordChangedAt'>;

/** RFC 7396: absent is unchanged. */
export interface UserChanges {
  readonly role?: Role;
  /** All of them, from now on. */
  readonly grants?: readonly Grant[];
  readonly password?: string;
  /** Needed for one's own password. */
  readonly currentPassword?: string;
}

/** Each throws user-not-found, also where the principal may not know of the account: only its own, unless it is an auditor or above that reaches everything. */
export interface Users {
  /** The oldest first. */
  list(principal: Principal): readonly AccountSummary[];
  find(principal: Principal, userId: string): AccountSummary;
  /** By name, ignoring case; undefined where there is none to know of. */
  named(principal: Principal, username: string): AccountSummary | undefined;
  /** Throws invalid-username, username-taken, weak-password, invalid-grants, too-many-users, role-not-allowed, event-store-unavailable. */
  create(
    principal: Principal,
    input: { readonly username: string; readonly password: string; readonly role: Role; readonly grants?: readonly Grant[] },
    context: CommandContext,
  ): Promise<{ readonly user: AccountSummary; readonly position: Position | undefined }>;
  /**
   * Ends what the account may not hold open any more. Throws role-not-allowed (all but an admin may change their own password, by
   * a session, and nothing else), current-password-wrong, too-many-attempts, weak-password, no-password-here, invalid-grants, last-admin,
   * precondition-failed, event-store-unavailable.
   */
  change(
    principal: Principal,
    userId: string,
    changes: UserChanges,
    context: CommandContext,
    onlyIf?: OnlyIf<EditableUser>,
  ): Promise<{ readonly user: AccountSummary; readonly position: Position | undefined }>;
  /** Ends its sessions and keys and all they hold open. Throws last-admin, precondition-failed, event-store-unavailable. */
  remove(principal: Principal, userId: string, context: CommandContext, onlyIf?: OnlyIf<EditableUser>): Promise<{ readonly position: Position | undefined }>;
}

/** Which environments a principal reaches. What is out of reach looks as if it did not exist. */
export interface EnvironmentAccess {
  /**
   * Resolves where the principal may go so far with that environment; for who reaches everything also where there is none.
   * Throws environment-not-found, read-only-access, event-store-unavailable.
   */
  require(principal: Principal, environmentId: string, needed: EnvironmentAccessLevel): Promise<void>;
  /** How far it may go; undefined is out of reach. Throws event-store-unavailable. */
  levelOf(principal: Principal, environmentId: string): Promise<EnvironmentAccessLevel | undefined>;
  /** The tags of which each environment in reach has one; undefined where every environment is in reach. */
  tagsInReach(principal: Principal): readonly string[] | undefined;
  /** Which events it may see, as it is at the moment of each: those of environments in reach. Undefined where it sees all for sure. */
  visibilityFor(principal: Principal): EventQuery['isVisible'];
  /**
   * Calls back once, when the principal may not go so far any more: a grant was taken, or the environment's tags changed. Without
   * an environment all of them are meant. Returns the way out.
   */
  onLost(principal: Principal, held: { readonly environmentId: string; readonly needed: EnvironmentAccessLevel } | 'everything', lost: () => void): () => void;
}
