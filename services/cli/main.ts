/** Runs one command line, and turns what goes wrong into one line on stderr and an exit code. */
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { errorLine, exitCodeOf } from './cli-error.ts';
import { tidyEnvironment } from './flags.ts';
import { createProgram } from './program.ts';
import { programName } from './program-name.ts';

/** Runs `homeport` with these arguments and sets the process's exit code: 0, 1 for failure, 2 for misuse. */
export async function main(args: readonly string[]): Promise<void> {
  // Someone who reads only the first lines (| head) has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const program = await createProgram(args);
  try {
    tidyEnvironment(program, process.env);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) reportMisuse(error, program, args);
    else reportFailure(error);
  }
}

/** Help and version end as a CommanderError too, with exit code 0; help for a missing command is misuse. */
function reportMisuse(error: CommanderError, program: Command, args: readonly string[]): void {
  if (error.exitCode === 0) return;
  process.exitCode = 2;
  if (error.code === 'commander.help') return;
  const line = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ').trim().replace(/\.$/, '');
  process.stderr.write(`homeport: ${line}; see ${programName()}${commandPath(program, args)} --help\n`);
}

function reportFailure(error: unknown): void {
  process.exitCode = exitCodeOf(error);
  process.stderr.write(`homeport: ${errorLine(error)}\n`);
  if (process.env.HOMEPORT_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

/** The innermost command that the arguments name. */
function commandPath(program: Command, args: readonly string[]): string {
  let command = program;
  const names = [''];
  for (const arg of args) {
    const next = command.commands.find((candidate) => candidate.name() === arg || candidate.aliases().includes(arg));
    if (next === undefined) break;
    command = next;
    names.push(next.name());
  }
  return names.join(' ');
}

if (import.meta.main) await main(process.argv.slice(2));
