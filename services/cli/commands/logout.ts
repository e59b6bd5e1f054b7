/** `homeport logout`: revokes the API key kept at sign-in, and forgets it. */
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { openClient, parseServerUrl } from '../connection.ts';
import { flag } from '../flags.ts';
import { openServerStore } from '../server-store.ts';

export function logoutCommand(): Command {
  return new Command('logout')
    .description('revoke the API key kept at sign-in, and forget it')
    .addOption(flag('--url <url>', 'the server, instead of the one signed in to last'))
    .action(logout);
}

async function logout(flags: { readonly url?: string }): Promise<void> {
  const store = openServerStore(process.env);
  const signIn = store.find(flags.url === undefined ? undefined : parseServerUrl(flags.url).origin);
  if (signIn === undefined) throw new CliError('not-signed-in', 'not signed in, so there is nothing to forget');
  const client = openClient({ url: signIn.url, apiKey: signIn.apiKey });
  try {
    await client.call('DELETE', `/api-keys/${signIn.apiKeyId}`);
  } catch (error) {
    // Forgotten here in any case; whoever stays away from the server should know that the key is still good there.
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`homeport: the API key was forgotten here but not revoked at the server (${reason})\n`);
  } finally {
    client.close();
    store.remove(signIn.url);
  }
  process.stdout.write(`Signed out of ${signIn.url}\n`);
}
