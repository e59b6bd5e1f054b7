/** The first account: made on the very first start, its password shown once and kept in a file until it is changed. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AccountDirectory } from '../application/accounts.ts';
import type { CommandContext } from '../application/ports.ts';
import { writeWhole } from './tls/key-files.ts';

/** Creates `admin`. The file is written first: a crash in between leaves a file too many, not an account nobody can use. */
export async function createFirstAdmin(deps: {
  readonly accounts: AccountDirectory;
  readonly dataDir: string;
  readonly context: CommandContext;
  readonly password: string | undefined;
}): Promise<{ readonly username: string; readonly password: string } | undefined> {
  const { accounts, dataDir, context } = deps;
  const username = 'admin';
  const password = deps.password ?? randomBytes(15).toString('base64url');
  if (deps.password === undefined) writeWhole(join(dataDir, 'initial-admin-password'), `${password}\n`, 0o600);
  await accounts.createUser({ username, password, role: 'admin' }, context);
  return deps.password === undefined ? { username, password } : undefined;
}
