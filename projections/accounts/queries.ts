/** The questions about accounts of the past. */
import type { Grant } from '../../services/domain/events.ts';
import type { PastUser } from '../port.ts';
import type { Query } from '../projection.ts';
import { apiKeyRows, userRows, type ApiKeyRow, type UserRow } from './rows.ts';

/** All of them, by username: accounts are few. `atMs` is in milliseconds since 1970. */
export const listPastUsers: Query<{ readonly atMs: number }, readonly PastUser[]> = {
  name: 'list-past-users',
  prepare(database) {
    const users = database.prepare(`SELECT * FROM ${userRows.asOf} ORDER BY username, userId`);
    const keys = database.prepare(`SELECT * FROM ${apiKeyRows.asOf} WHERE userId = :userId ORDER BY createdAt, keyId`);
    return ({ atMs: asOf }) =>
      (users.all({ asOf }) as unknown as UserRow[]).map(({ userId, username, role, grants, createdAt, passwordChangedAt, signsInBy, lastSignedInAt }) => ({
        id: userId,
        username,
        role,
        grants: JSON.parse(grants) as Grant[],
        createdAt,
        passwordChangedAt,
        signsInBy,
        lastSignedInAt,
        apiKeys: (keys.all({ asOf, userId }) as unknown as ApiKeyRow[])
          .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > asOf)
          .map(({ keyId, name, role: itsRole, createdAt: itsCreation, expiresAt }) => ({ id: keyId, name, role: itsRole, createdAt: itsCreation, expiresAt })),
      }));
  },
};
