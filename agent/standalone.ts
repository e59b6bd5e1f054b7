/** The agent as a program of its own, without the rest of the command line: what a bundled agent starts from. */
import { CommanderError } from 'commander';
import { agentCommand } from './program.ts';
import { releaseVersion } from '../proto/release.ts';

try {
  const program = agentCommand()
    .name('homeport-agent')
    .version(releaseVersion(), '-V, --version', 'print the version')
    .configureOutput({ outputError: (line, write) => write(`homeport-agent: ${line.replace(/^error: /, '').trim()}; see homeport-agent --help\n`) })
    .exitOverride();
  for (const command of program.commands) command.copyInheritedSettings(program);
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version end as such an error too; commander has said what there is to say.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
