/** `homeport token inspect`: what a join token says, its secret masked. */
import { Command } from 'commander';
import { describeJoinToken, JoinTokenError, parseJoinToken } from '../../../proto/join-token.ts';
import { CliError } from '../cli-error.ts';
import { renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { readPipedText } from '../prompt.ts';

type Description = ReturnType<typeof describeJoinToken>;

const LAYOUT: Layout<Description> = {
  columns: [
    { title: 'API', of: ({ apiUrl }) => apiUrl },
    { title: 'Tunnel', of: ({ tunnelAddress }) => tunnelAddress },
    { title: 'Tunnel fingerprint', of: ({ tunnelFingerprint }) => tunnelFingerprint },
    { title: 'Environment', of: ({ environment }) => environment },
  ],
  name: ({ environment }) => environment.split('.')[0] ?? environment,
  id: ({ environment }) => environment.split('.')[0] ?? environment,
};

export function tokenCommand(): Command {
  const inspect = new Command('inspect')
    .description("print a join token's four parts, the secret masked")
    .argument('<token>', 'the join token (EDGE_KEY), or - to read it from stdin')
    .action(async (token: string, flags: OutputFlags) => {
      process.stdout.write(renderOne(describe(token === '-' ? await readPipedText() : token), LAYOUT, flags));
    });
  return new Command('token').description('join tokens').addCommand(withOutputFlags(inspect));
}

function describe(token: string): Description {
  try {
    return describeJoinToken(parseJoinToken(token));
  } catch (error) {
    if (error instanceof JoinTokenError) throw new CliError(error.code, error.message, { exitCode: 2, cause: error });
    throw error;
  }
}
