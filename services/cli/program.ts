/** The whole command line as a commander program: what `homeport --help` shows. */
import { Command } from 'commander';
import { agentCommand } from '../../agent/program.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { apiKeyCommand } from './commands/api-key.ts';
import { connectCommand } from './commands/connect.ts';
import { contextCommand } from './commands/context.ts';
import { environmentCommand } from './commands/environment.ts';
import { eventsCommand } from './commands/events.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { projectionsCommand } from './commands/projections.ts';
import { replayCommand } from './commands/replay.ts';
import { serveCommand } from './commands/serve.ts';
import { settingsCommand } from './commands/settings.ts';
import { simulateCommand } from './commands/simulate.ts';
import { tokenCommand } from './commands/token.ts';
import { tunnelCertificateCommand } from './commands/tunnel-certificate.ts';
import { userCommand } from './commands/user.ts';
import { whoamiCommand } from './commands/whoami.ts';
import { releaseVersion } from '../../proto/release.ts';

/** The program; parsing it runs the command, or throws a CommanderError or CliError. */
export function createProgram(): Command {
  const program = new Command('homeport')
    .description('Reach container engines that cannot be reached from outside, and know who did what there.')
    .version(releaseVersion(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show help for a command');
  for (const command of [
    serveCommand(),
    agentCommand(),
    loginCommand(),
    logoutCommand(),
    whoamiCommand(),
    environmentCommand(),
    connectCommand(),
    contextCommand(),
    eventsCommand(),
    replayCommand(),
    projectionsCommand(),
    settingsCommand(),
    backupCommand(),
    restoreCommand(),
    userCommand(),
    apiKeyCommand(),
    simulateCommand(),
    tokenCommand(),
    tunnelCertificateCommand(),
  ]) {
    program.addCommand(command);
  }
  return settle(program);
}

/** Applies to every command alike: failures are thrown instead of ending the process, and printed in one place. */
function settle(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  if (command.commands.length === 0) command.showSuggestionAfterError();
  for (const subcommand of command.commands) settle(subcommand);
  return command;
}
