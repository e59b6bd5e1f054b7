/** `homeport logout`: revokes the API key kept at sign-in, and forgets it. */
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { openClient, parseServerUrl } from '../connection.ts';
import { flag } from '../flags.ts';
import { openServerStore } from '../server-store.ts';

export function logoutCommand(): Command {
  return new Command('logout')
    .description('revoke the API key kept at sign-in, and forget it')
    .addOption(flag('--forget', 'forget it here, also where the server can not be told to revoke it'))
    .addOption(flag('--url <url>', 'the server, instead of the one signed in to last'))
    .action(logout);
}

async function logout(flags: { readonly url?: string; readonly forget?: true }): Promise<void> {
  const store = openServerStore(process.env);
  const signIn = store.find(flags.url === undefined ? undefined : parseServerUrl(flags.url).origin);
  if (signIn === undefined) throw new CliError('not-signed-in', 'not signed in, so there is nothing to forget');
  const client = openClient({ url: signIn.url, apiKey: signIn.apiKey });
  try {
    await client.call('DELETE', `/api-keys/${signIn.apiKeyId}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A key that the server no longer takes needs no revoking.
    const isRefused = error instanceof CliError && (error.code === 'unauthenticated' || error.code === 'api-key-not-found');
    if (!isRefused && flags.forget !== true) {
      throw new CliError('key-not-revoked', `still signed in, because the API key ${signIn.apiKeyId} could not be revoked (${reason}): try again later, or pass --forget to forget it here alone`, { cause: error });
    }
    if (!isRefused) process.stderr.write(`homeport: the API key ${signIn.apiKeyId} stays good at the server until it is revoked there (${reason})\n`);
  } finally {
    client.close();
  }
  store.remove(signIn.url);
  process.stdout.write(`Signed out of ${signIn.url}\n`);
}
