/** Which role may more: each may what those below it may. */
import type { Role } from '../domain/events.ts';

const rank: Readonly<Record<Role, number>> = { metrics: 0, auditor: 1, operator: 2, admin: 3 };

/** Whether `role` is `other` or above it. */
export function isAtLeast(role: Role, other: Role): boolean {
  return rank[role] >= rank[other];
}

/** The lower of two. */
export function lowerRole(one: Role, other: Role): Role {
  return isAtLeast(one, other) ? other : one;
}

/** The highest of several; undefined where there is none. */
export function highestRole(roles: readonly Role[]): Role | undefined {
  return roles.reduce<Role | undefined>((highest, role) => (highest === undefined || isAtLeast(role, highest) ? role : highest), undefined);
}
