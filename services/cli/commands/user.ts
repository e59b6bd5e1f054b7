/** `homeport user`: accounts, on the server's own machine, also when no one can sign in. */
import { Argument, Command } from 'commander';
import { agreed } from '../agreed.ts';
import { eventStoreOf, withEventStoreFlags } from '../event-store-flags.ts';
import type { EventStoreFlags } from '../event-store-flags.ts';
import { flag, secretFileFlag, several } from '../flags.ts';
import { withLocalClient } from '../local-client.ts';
import { newPassword } from '../new-password.ts';
import { renderList, renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { findUser, grantText, listUsers, parseGrant, ROLES } from '../rest/users.ts';
import type { User } from '../rest/users.ts';

interface DataFlags extends EventStoreFlags {
  readonly dataDir: string;
  readonly keyFile?: string;
  readonly checkpointKeyFile?: string;
}

const grants = ({ role, grants: given }: User): string | null => (given.length > 0 ? given.map(grantText).join(', ') : role === 'operator' ? 'none' : null);

const LAYOUT: Layout<User> = {
  columns: [
    { title: 'NAME', of: ({ username }) => username },
    { title: 'ID', of: ({ id }) => id },
    { title: 'ROLE', of: ({ role }) => role },
    { title: 'GRANTS', of: grants },
    { title: 'LAST SIGN-IN', of: ({ lastSignedInAt }) => lastSignedInAt },
    { title: 'CREATED', of: ({ createdAt }) => createdAt, isWide: true },
  ],
  name: ({ username }) => username,
  id: ({ id }) => id,
};

const roleArgument = (): Argument => new Argument('<role>', 'admin, operator, auditor or metrics').choices(ROLES);
const grantFlag = () => flag('--grant <tag=access>', 'what an operator may do with environments that have this tag: TAG=read or TAG=full, * is every one; may be given several times').argParser(several);
const passwordFlag = () => secretFileFlag('password', 'a file that holds the password; asked for, or read from stdin, otherwise');

export function userCommand(): Command {
  return new Command('user')
    .description("accounts, on the server's own machine, beside its server or without it")
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(setPasswordCommand())
    .addCommand(setRoleCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  const command = new Command('add').description('create an account').argument('<name>', 'its name').addArgument(roleArgument()).addOption(grantFlag()).addOption(passwordFlag());
  return withFlags(command).action(async (username: string, role: string, flags: DataFlags & OutputFlags & { grant?: readonly string[]; passwordFile?: string }) => {
    const given = flags.grant?.map(parseGrant);
    const password = await newPassword(flags, username);
    await withDirectory(flags, async (client) => {
      const { body } = await client.call('POST', '/users', { body: { username, password, role, ...(given === undefined ? {} : { grants: given }) } });
      print(body as User, flags);
    });
  });
}

function listCommand(): Command {
  const command = new Command('list').alias('ls').description('list accounts');
  return withFlags(command).action((flags: DataFlags & OutputFlags) =>
    withDirectory(flags, async (client) => {
      process.stdout.write(renderList(await listUsers(client), LAYOUT, flags));
    }),
  );
}

function setPasswordCommand(): Command {
  const command = new Command('set-password').description('give an account another password; its sessions end').argument('<name>', 'its name or id').addOption(passwordFlag());
  return withFlags(command).action(async (name: string, flags: DataFlags & OutputFlags & { passwordFile?: string }) => {
    const password = await newPassword(flags, name);
    await change(name, flags, { password });
  });
}

function setRoleCommand(): Command {
  const command = new Command('set-role')
    .description('give an account another role, and an operator its grants')
    .argument('<name>', 'its name or id')
    .addArgument(roleArgument())
    .addOption(grantFlag());
  return withFlags(command).action(async (name: string, role: string, flags: DataFlags & OutputFlags & { grant?: readonly string[] }) => {
    const given = flags.grant?.map(parseGrant);
    await change(name, flags, { role, ...(given === undefined ? {} : { grants: given }) });
  });
}

function removeCommand(): Command {
  const command = new Command('remove').alias('rm').description('remove an account, its sessions and its API keys').argument('<name>', 'its name or id').addOption(flag('-y, --yes', 'do not ask'));
  return withDataDir(command).action(async (name: string, flags: DataFlags & { yes?: true }) => {
    await withDirectory(flags, async (client) => {
      const { id, username } = await findUser(client, name);
      await agreed(flags, `Remove the user ${username}?`);
      await client.call('DELETE', `/users/${id}`);
    });
  });
}

async function change(name: string, flags: DataFlags & OutputFlags, changes: object): Promise<void> {
  await withDirectory(flags, async (client) => {
    const { id } = await findUser(client, name);
    const { body } = await client.call('PATCH', `/users/${id}`, { body: changes });
    print(body as User, flags);
  });
}

function print(user: User, flags: OutputFlags): void {
  process.stdout.write(renderOne(user, { ...LAYOUT, columns: LAYOUT.columns.map((column) => ({ ...column, title: column.title.charAt(0) + column.title.slice(1).toLowerCase() })) }, flags));
}

function withFlags(command: Command): Command {
  return withOutputFlags(withDataDir(command));
}

function withDataDir(command: Command): Command {
  return withEventStoreFlags(
    command
      .addOption(flag('--data-dir <folder>', "the server's data directory").default('./homeport-data'))
      .addOption(flag('--key-file <file>', 'the installation key, where serve is told of one elsewhere, while no server runs'))
      .addOption(flag('--checkpoint-key-file <file>', 'likewise, the key that signs checkpoints')),
  );
}

function withDirectory(flags: DataFlags, use: (client: RestClient) => Promise<void>): Promise<void> {
  const { dataDir, keyFile, checkpointKeyFile } = flags;
  const eventStore = eventStoreOf(flags);
  const elsewhere = { ...(eventStore === undefined ? {} : { eventStore }), ...(keyFile === undefined ? {} : { keyFile }), ...(checkpointKeyFile === undefined ? {} : { checkpointKeyFile }) };
  return withLocalClient(dataDir, use, elsewhere);
}
