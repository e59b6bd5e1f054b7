/** Who had an account, what it was allowed, and which API keys there were. Who may do what now is decided elsewhere, at once; this tells of then. */
import type { DatabaseSync } from 'node:sqlite';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { accountsSchema, apiKeyRows, userRows, type UserRow } from './rows.ts';

export const accountsProjection: Projection = { name: 'accounts', version: 1, schema: accountsSchema, open };

function open(_database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const users = tables.of(userRows);
  const keys = tables.of(apiKeyRows);

  function change(userId: string, changes: Partial<UserRow>, place: EventPlace): void {
    const row = users.get(userId);
    if (row !== undefined) users.put({ ...row, ...changes }, place);
  }

  return {
    on: {
      UserCreated: ({ userId, username, role, at }, place) =>
        users.put({ userId, username, role, grants: '[]', createdAt: at, passwordChangedAt: at, signsInBy: 'password', lastSignedInAt: null }, place),
      IdentityLinked: ({ userId }, place) => change(userId, { signsInBy: 'openid-connect' }, place),
      // Only operators have grants.
      UserRoleChanged: ({ userId, role }, place) => change(userId, { role, ...(role === 'operator' ? {} : { grants: '[]' }) }, place),
      GrantChanged: ({ userId, grants }, place) => change(userId, { grants: JSON.stringify(grants) }, place),
      PasswordChanged: ({ userId, at }, place) => change(userId, { passwordChangedAt: at }, place),
      SignedIn: ({ userId, at }, place) => change(userId, { lastSignedInAt: at }, place),
      UserRemoved({ userId }, place) {
        for (const keyId of keys.parts(userId)) keys.end(place, userId, keyId);
        users.end(place, userId);
      },
      ApiKeyCreated({ userId, keyId, name, role, at, expiresAt }, place) {
        keys.put({ userId, keyId, name, role, createdAt: at, expiresAt }, place);
      },
      ApiKeyRevoked: ({ userId, keyId }, place) => keys.end(place, userId, keyId),
    },

    write() {
      users.write();
      keys.write();
    },

    committed() {
      users.committed();
      keys.committed();
    },
  };
}
