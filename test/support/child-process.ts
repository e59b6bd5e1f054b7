/** Real processes: what they print is collected, and they are ended by their own id. */
import { spawn } from 'node:child_process';

export interface ProcessOptions {
  /** Added to the environment of the tests; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** All it printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and all it printed was read. */
  readonly ended: Promise<Ending>;
  /** Resolves with the first match in what it printed to stdout or stderr. Throws when it ends, or `withinMs` passes, before. */
  waitFor(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  write(text: string | Uint8Array): void;
  /** Ends its stdin. */
  endInput(): void;
  signal(name: NodeJS.Signals): void;
  /** Sends a signal (SIGTERM by default) where it still runs, and waits until it has ended. */
  stop(name?: NodeJS.Signals): Promise<Ending>;
}

/** Starts a process. Whoever starts it stops it. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const child = spawn(command, args, { cwd: options.cwd, env: environment(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      printed[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  // What is written to a process that has gone is lost.
  child.stdin.on('error', () => undefined);
  let isOver = false;
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      isOver = true;
      resolve({ code, signal });
    });
  });
  // Whoever waits is told; whoever doesn't must not be disturbed.
  ended.catch(() => undefined);
  const all = (): string => `${command} ${args.join(' ')}\n${printed.stdout}${printed.stderr}`;

  return {
    // Not -1 where it could not be started: that would signal everybody.
    pid: child.pid ?? Number.NaN,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended,
    async waitFor(pattern, withinMs = 20_000) {
      const find = (): RegExpExecArray | null => pattern.exec(printed.stdout) ?? pattern.exec(printed.stderr);
      const { promise: settled, resolve: settle } = Promise.withResolvers<unknown>();
      const look = (): void => {
        if (find() !== null) settle(undefined);
      };
      listeners.add(look);
      const timer = setTimeout(settle, withinMs);
      look();
      await Promise.race([settled, ended.catch(() => undefined)]);
      clearTimeout(timer);
      listeners.delete(look);
      const match = find();
      if (match !== null) return match;
      throw new Error(`${isOver ? 'it ended' : `after ${withinMs} ms it runs on`} without ${String(pattern)}: ${all()}`);
    },
    write: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    signal: (name) => void child.kill(name),
    async stop(name = 'SIGTERM') {
      if (!isOver) child.kill(name);
      return await ended;
    },
  };
}

/** What a process that ended printed. */
export interface Finished extends Ending {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a process to its end; after `withinMs` it is killed, which fails. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { readonly input?: string | Uint8Array; readonly withinMs?: number } = {},
): Promise<Finished> {
  const { withinMs = 60_000, input } = options;
  const running = startProcess(command, args, options);
  if (input !== undefined) running.write(input);
  running.endInput();
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    running.signal('SIGKILL');
  }, withinMs);
  const ending = await running.ended.finally(() => clearTimeout(timer));
  if (late.signal.aborted) throw new Error(`${command} ${args.join(' ')} was still running after ${withinMs} ms: ${running.stdout()}${running.stderr()}`);
  return { ...ending, stdout: running.stdout(), stderr: running.stderr() };
}

function environment(changes: ProcessOptions['env']): NodeJS.ProcessEnv {
  const entries = Object.entries({ ...process.env, ...changes });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
