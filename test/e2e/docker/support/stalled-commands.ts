/** Commands whose output nobody reads, until somebody does. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface CommandEnd {
  readonly code: number | null;
  readonly stderr: string;
}

export interface StalledCommands {
  /** Resolves when each has something to say. */
  allBegun(): Promise<void>;
  /** How many still run. */
  running(): number;
  /** Reads all to their ends, throwing the output away. */
  readOn(): Promise<readonly CommandEnd[]>;
  /** Kills what still runs. */
  stop(): Promise<void>;
}

/** Starts a command so many times. Of each output a pipe's worth is taken by the system, and nothing beyond. */
export function startStalledCommands(command: readonly string[], times: number, env: Readonly<Record<string, string | undefined>>): StalledCommands {
  const [file = '', ...args] = command;
  const commands = Array.from({ length: times }, () => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const stderr = text(child.stderr);
    const begun = once(child.stdout, 'readable');
    const ended = once(child, 'close').then(async () => ({ code: child.exitCode, stderr: await stderr }));
    return { child, begun, ended };
  });
  const isRunning = ({ child }: { readonly child: ChildProcess }): boolean => child.exitCode === null && child.signalCode === null;
  return {
    async allBegun() {
      await Promise.all(commands.map(({ begun }) => begun));
    },
    running: () => commands.filter(isRunning).length,
    readOn() {
      for (const { child } of commands) child.stdout.resume();
      return Promise.all(commands.map(({ ended }) => ended));
    },
    async stop() {
      for (const one of commands) {
        if (isRunning(one)) one.child.kill('SIGKILL');
        one.child.stdout.resume();
      }
      await Promise.all(commands.map(({ ended }) => ended));
    },
  };
}
