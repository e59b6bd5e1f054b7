/** The first account: made on the very first start, its password shown once and kept in a file until it is changed. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountUseCases } from '../application/accounts.ts';
import { ApplicationError } from '../application/ports/application-error.ts';
import type { CommandContext } from '../application/ports/command-context.ts';
import { localOperator } from './admin-socket.ts';
import { StartError } from './start-error.ts';
import { writeWhole } from './tls/key-files.ts';

const username = 'admin';

/**
 * Creates `admin`. The file is written first: a crash in between leaves a file too many, not an account nobody can use.
 * Throws {@link StartError} admin-password-weak.
 */
export async function createFirstAdmin(deps: {
  readonly users: AccountUseCases['users'];
  readonly dataDir: string;
  readonly context: CommandContext;
  readonly password: string | undefined;
}): Promise<{ readonly username: string; readonly password: string } | undefined> {
  const { users, dataDir, context } = deps;
  const password = deps.password ?? randomBytes(15).toString('base64url');
  if (deps.password === undefined) writeWhole(passwordFile(dataDir), `${password}\n`, 0o600);
  try {
    await users.create(localOperator, { username, password, role: 'admin' }, context);
  } catch (error) {
    if (!(error instanceof ApplicationError) || error.code !== 'weak-password') throw error;
    throw new StartError('admin-password-weak', `the first admin's password is too weak: ${error.message}`);
  }
  return deps.password === undefined ? { username, password } : undefined;
}

/** Deletes the file of the first admin's password once that has been changed. */
export function forgetChangedPassword(accounts: Pick<AccountUseCases, 'onPasswordChanged'>, dataDir: string): void {
  accounts.onPasswordChanged((changed) => {
    if (changed === username) rmSync(passwordFile(dataDir), { force: true });
  });
}

function passwordFile(dataDir: string): string {
  return join(dataDir, 'initial-admin-password');
}
