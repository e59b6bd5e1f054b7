/** `homeport whoami`: which server, and as whom. */
import { Command } from 'commander';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { currentSession } from '../rest/session.ts';
import type { Session } from '../rest/session.ts';

type Identity = Session & { readonly url: string };

const LAYOUT: Layout<Identity> = {
  columns: [
    { title: 'Server', of: ({ url }) => url },
    { title: 'User', of: ({ username }) => username },
    { title: 'Role', of: ({ role }) => role },
  ],
  name: ({ username }) => username,
  id: ({ username }) => username,
};

export function whoamiCommand(): Command {
  const command = withConnectionFlags(withOutputFlags(new Command('whoami').description('show which server is used, and as whom')));
  return command.action(async (flags: ConnectionFlags & OutputFlags) => {
    const identity = await withClient(flags, async (client) => ({ url: client.transport.url.origin, ...(await currentSession(client)) }));
    process.stdout.write(renderOne(identity, LAYOUT, flags));
  });
}
