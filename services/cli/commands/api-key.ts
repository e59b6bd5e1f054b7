/** `homeport api-key`: keys for tools, of the account that is signed in. */
import { Argument, Command } from 'commander';
import { agreed } from '../agreed.ts';
import { CliError } from '../cli-error.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { durationSeconds, flag, readSecretFile, secretFileFlag } from '../flags.ts';
import { renderList, renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { askSecretly, canAsk, readPipedText } from '../prompt.ts';
import { createRestClient } from '../rest/rest-client.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { createApiKey, currentSession } from '../rest/session.ts';
import { ROLES } from '../rest/users.ts';

interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly username: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

type CreatedKey = ListedKey & { readonly secret: string };
type CommonFlags = ConnectionFlags & OutputFlags;

const LIST: Layout<ListedKey> = {
  columns: [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'ID', of: ({ id }) => id },
    { title: 'ROLE', of: ({ role }) => role },
    { title: 'USER', of: ({ username }) => username },
    { title: 'LAST USED', of: ({ lastUsedAt }) => lastUsedAt },
    { title: 'EXPIRES', of: ({ expiresAt }) => expiresAt ?? 'never' },
    { title: 'CREATED', of: ({ createdAt }) => createdAt, isWide: true },
  ],
  name: ({ name }) => name,
  id: ({ id }) => id,
};
const CREATED: Layout<CreatedKey> = {
  columns: [
    { title: 'Name', of: ({ name }) => name },
    { title: 'Id', of: ({ id }) => id },
    { title: 'Role', of: ({ role }) => role },
    { title: 'Expires', of: ({ expiresAt }) => expiresAt ?? 'never' },
    { title: 'Key', of: ({ secret }) => `${secret}   (shown this once)` },
  ],
  name: ({ name }) => name,
  id: ({ secret }) => secret,
};

export function apiKeyCommand(): Command {
  return new Command('api-key').description('API keys: what tools sign in with').addCommand(createCommand()).addCommand(listCommand()).addCommand(revokeCommand());
}

interface CreateFlags extends CommonFlags {
  readonly expiresIn?: number;
  readonly passwordFile?: string;
}

function createCommand(): Command {
  const command = new Command('create')
    .description('make an API key of your account, and print it once (-q: alone). Where the key that is kept for you is no admin’s, your password is asked for')
    .argument('<name>', 'what it is for')
    .addArgument(new Argument('<role>', 'the most it may do: no more than you').choices(ROLES))
    .addOption(flag('--expires-in <duration>', 'for how long it is good, such as 720h; for ever otherwise').argParser(durationSeconds))
    .addOption(secretFileFlag('password', 'a file that holds your password (or HOMEPORT_PASSWORD, or stdin)'));
  return withFlags(command).action((name: string, role: string, flags: CreateFlags) =>
    withClient(flags, async (client) => {
      const { expiresIn } = flags;
      const expiresAt = expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1000).toISOString();
      const key = await create(client, { name, role, expiresAt }, flags);
      process.stdout.write(renderOne(key, CREATED, flags));
    }),
  );
}

/** Keys make keys only where they are an admin's; everyone else proves that it is they. */
async function create(client: RestClient, wanted: { readonly name: string; readonly role: string; readonly expiresAt: string | null }, flags: CreateFlags): Promise<CreatedKey> {
  const { username, role } = await currentSession(client);
  if (role === 'admin') return (await client.call('POST', '/api-keys', { body: wanted })).body as CreatedKey;
  // By the session alone: a key that is sent along would count instead.
  return await createApiKey<CreatedKey>(createRestClient(client.transport, undefined), { username, password: await passwordOf(flags, username) }, wanted);
}

async function passwordOf({ passwordFile }: CreateFlags, username: string): Promise<string> {
  if (passwordFile !== undefined) return readSecretFile(passwordFile);
  const fromEnvironment = process.env.HOMEPORT_PASSWORD ?? '';
  if (fromEnvironment !== '') return fromEnvironment;
  const password = canAsk() ? await askSecretly(`Password of ${username}: `) : await readPipedText();
  if (password === '') throw new CliError('no-password', `an API key makes others only where it is an admin's: give ${username}'s password, by --password-file or on stdin`);
  return password;
}

function listCommand(): Command {
  const command = new Command('list').alias('ls').description('list API keys: your own; as an admin or auditor those of all');
  return withFlags(command).action((flags: CommonFlags) =>
    withClient(flags, async (client) => {
      process.stdout.write(renderList(await listKeys(client), LIST, flags));
    }),
  );
}

function revokeCommand(): Command {
  const command = new Command('revoke').alias('rm').description('revoke an API key; what it holds open ends').argument('<id>', 'its id').addOption(flag('-y, --yes', 'do not ask'));
  return withConnectionFlags(command).action((id: string, flags: ConnectionFlags & { yes?: true }) =>
    withClient(flags, async (client) => {
      await agreed(flags, `Revoke the API key ${id}?`);
      await client.call('DELETE', `/api-keys/${encodeURIComponent(id)}`);
    }),
  );
}

async function listKeys(client: RestClient): Promise<readonly ListedKey[]> {
  const found: ListedKey[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.call('GET', '/api-keys', { query: { limit: 1000, cursor } });
    const page = body as { readonly items: readonly ListedKey[]; readonly nextCursor: string | null };
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

function withFlags(command: Command): Command {
  return withOutputFlags(withConnectionFlags(command));
}
