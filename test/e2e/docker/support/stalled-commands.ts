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
  /** Starts so many more, and resolves when each of them has something to say. */
  start(times: number): Promise<void>;
  /** How many still run. */
  running(): number;
  /** Reads all to their ends, throwing the output away. */
  readOn(): Promise<readonly CommandEnd[]>;
  /** Kills what still runs. */
  stop(): Promise<void>;
}

/** Of each output a pipe's worth is taken by the system, and nothing beyond. Whoever starts some stops them. */
export function createStalledCommands(command: readonly string[], env: Readonly<Record<string, string | undefined>>): StalledCommands {
  const [file = '', ...args] = command;
  const startOne = () => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const stderr = text(child.stderr);
    const begun = once(child.stdout, 'readable');
    const ended = once(child, 'close').then(async () => ({ code: child.exitCode, stderr: await stderr }));
    return { child, begun, ended };
  };
  const commands: ReturnType<typeof startOne>[] = [];
  const isRunning = ({ child }: { readonly child: ChildProcess }): boolean => child.exitCode === null && child.signalCode === null;
  return {
    async start(times) {
      const started = Array.from({ length: times }, startOne);
      commands.push(...started);
      await Promise.all(started.map(({ begun }) => begun));
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
