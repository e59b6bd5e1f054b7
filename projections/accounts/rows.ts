/** The tables of the accounts projection. No secret is in them, not even sealed. */
import type { Role, SignInMethod } from '../../services/domain/events.ts';
import { versionedTable } from '../versioned-table.ts';

export interface UserRow {
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  /** A JSON array of grants. */
  readonly grants: string;
  readonly createdAt: string;
  readonly passwordChangedAt: string;
  readonly signsInBy: SignInMethod;
  readonly lastSignedInAt: string | null;
}

export const userRows = versionedTable<UserRow>({
  name: 'users',
  owner: 'userId',
  columns: { userId: 'TEXT', username: 'TEXT', role: 'TEXT', grants: 'TEXT', createdAt: 'TEXT', passwordChangedAt: 'TEXT', signsInBy: 'TEXT', lastSignedInAt: 'TEXT' },
  soughtInPast: ['username'],
});

/** An API key that was not revoked; it may have expired. */
export interface ApiKeyRow {
  readonly userId: string;
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export const apiKeyRows = versionedTable<ApiKeyRow>({
  name: 'api_keys',
  owner: 'userId',
  part: 'keyId',
  columns: { userId: 'TEXT', keyId: 'TEXT', name: 'TEXT', role: 'TEXT', createdAt: 'TEXT', expiresAt: 'TEXT' },
});

export const accountsSchema = `${userRows.schema}${apiKeyRows.schema}`;
