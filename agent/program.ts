/** The `agent` command: its flags, its variables, and its life as a process. */
import { Command } from 'commander';
import { AgentOptionsError } from './agent-error.ts';
import { doctorCommand } from './doctor/command.ts';
import { givenFrom, withAgentFlags } from './flags.ts';
import type { FlagValues } from './flags.ts';
import { compileOptions } from './options.ts';
import type { AgentOptions } from './options.ts';

/** The command that runs the agent until SIGINT or SIGTERM. Exit code 2 for options that can't be used. */
export function agentCommand(): Command {
  return withAgentFlags(new Command('agent'))
    .description('run the agent: it calls the control plane, listens on nothing, and drives the Docker engine beside it')
    .addCommand(doctorCommand())
    .action(async (flags: FlagValues) => {
      try {
        process.exitCode = await live(compileOptions(givenFrom(flags, process.env)));
        // All is closed. What gRPC tried beside the address that answered first it can't take back: that would hold the process for two minutes.
        process.exit();
      } catch (error) {
        if (!(error instanceof AgentOptionsError)) throw error;
        process.stderr.write(`homeport agent: ${error.message}\n`);
        process.exitCode = error.exitCode;
      }
    });
}

/** Runs until it is told to stop; told twice, it stops at once. */
async function live(options: AgentOptions): Promise<number> {
  // Only now: whoever runs another command does not wait for gRPC to load.
  const [{ destination, pino, stdTimeFunctions }, { runAgent }] = await Promise.all([import('pino'), import('./main.ts')]);
  const logger = pino(
    { level: options.logLevel, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    destination({ fd: 2, sync: true }),
  );
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await runAgent(options, { signal: stopping.signal, logger });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
