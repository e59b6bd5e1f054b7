/** Where a new password comes from: a file, what is piped in, or whoever sits at the terminal, twice. */
import { CliError } from './cli-error.ts';
import { readSecretFile } from './flags.ts';
import { askSecretly, canAsk, readPipedText } from './prompt.ts';

/** Throws CliError `passwords-differ`, `no-password`, `secret-file-unreadable` and `cancelled`. */
export async function newPassword({ passwordFile }: { readonly passwordFile?: string }, username: string): Promise<string> {
  const password = passwordFile !== undefined ? readSecretFile(passwordFile) : canAsk() ? await askTwice(username) : await readPipedText();
  if (password === '') throw new CliError('no-password', 'there is no password: type one, pipe one in, or name a file by --password-file');
  return password;
}

async function askTwice(username: string): Promise<string> {
  const password = await askSecretly(`New password for ${username}: `);
  if ((await askSecretly('Once more: ')) !== password) throw new CliError('passwords-differ', 'the two are not the same: try again');
  return password;
}
