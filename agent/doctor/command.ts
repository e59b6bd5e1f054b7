/** The `agent doctor` command: what keeps this agent from its work, in words. */
import { Command } from 'commander';
import { AgentOptionsError } from '../agent-error.ts';
import { givenFrom, withAgentFlags } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { compileOptions } from '../options.ts';
import type { Finding } from './diagnose.ts';

/** Checks all that an agent with these options needs, in order. Exit code 0 where all is well, 1 at the first failure, 2 for options that can't be used. */
export function doctorCommand(): Command {
  return withAgentFlags(new Command('doctor'))
    .description("check, with the agent's own flags and variables, all it needs; name the first that fails, and how to mend it")
    .action(async (_flags: unknown, command: Command) => {
      try {
        // Flags after `doctor` are taken by `agent` too, whose they are.
        process.exitCode = await examine(command.optsWithGlobals<FlagValues>());
        // As with the agent: what gRPC has given up holds nobody.
        process.exit();
      } catch (error) {
        if (!(error instanceof AgentOptionsError)) throw error;
        process.stderr.write(`homeport agent doctor: ${error.message}\n`);
        process.exitCode = error.exitCode;
      }
    });
}

async function examine(flags: FlagValues): Promise<number> {
  const options = compileOptions(givenFrom(flags, process.env));
  // Only now: whoever runs another command does not wait for gRPC to load.
  const { diagnose } = await import('./diagnose.ts');
  const failure = await diagnose(options, { signal: new AbortController().signal, found: (finding) => process.stdout.write(`${lineOf(finding)}\n`) });
  process.stdout.write(failure === undefined ? '\nAll is well: this agent can poll and open tunnels.\n' : `\nFirst failure: ${failure.check} (${failure.code}). To mend it: ${failure.advice}.\n`);
  return failure === undefined ? 0 : 1;
}

function lineOf(finding: Finding): string {
  return `${finding.isFine ? 'ok    ' : 'FAILED'}  ${finding.check.padEnd(13)}  ${finding.detail}`;
}
