/** The whole command line as a commander program: what `homeport --help` shows. */
import { Command } from 'commander';
import { releaseVersion } from '../../proto/release.ts';

/** Each command by its name, in the order that help shows them. Loaded where it is needed: a command starts in half the time without the others. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  agent: async () => (await import('../../agent/program.ts')).agentCommand(),
  login: async () => (await import('./commands/login.ts')).loginCommand(),
  logout: async () => (await import('./commands/logout.ts')).logoutCommand(),
  whoami: async () => (await import('./commands/whoami.ts')).whoamiCommand(),
  env: async () => (await import('./commands/environment.ts')).environmentCommand(),
  connect: async () => (await import('./commands/connect.ts')).connectCommand(),
  context: async () => (await import('./commands/context.ts')).contextCommand(),
  events: async () => (await import('./commands/events.ts')).eventsCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  projections: async () => (await import('./commands/projections.ts')).projectionsCommand(),
  settings: async () => (await import('./commands/settings.ts')).settingsCommand(),
  backup: async () => (await import('./commands/backup.ts')).backupCommand(),
  restore: async () => (await import('./commands/backup.ts')).restoreCommand(),
  user: async () => (await import('./commands/user.ts')).userCommand(),
  'api-key': async () => (await import('./commands/api-key.ts')).apiKeyCommand(),
  simulate: async () => (await import('./commands/simulate.ts')).simulateCommand(),
  token: async () => (await import('./commands/token.ts')).tokenCommand(),
  'tunnel-certificate': async () => (await import('./commands/tunnel-certificate.ts')).tunnelCertificateCommand(),
};

/**
 * The program; parsing it runs the command, or throws a CommanderError or CliError.
 * @param args what will be parsed: where they begin with a command's name, it is the only one. All of them without.
 */
export async function createProgram(args: readonly string[] = []): Promise<Command> {
  const program = new Command('homeport')
    .description('Reach container engines that cannot be reached from outside, and know who did what there.')
    .version(releaseVersion(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show help for a command');
  const [name = ''] = args;
  const needed = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
  for (const create of needed) if (create !== undefined) program.addCommand(await create());
  return settle(program);
}

/** Applies to every command alike: failures are thrown instead of ending the process, and printed in one place. */
function settle(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  if (command.commands.length === 0) command.showSuggestionAfterError();
  for (const subcommand of command.commands) settle(subcommand);
  return command;
}
