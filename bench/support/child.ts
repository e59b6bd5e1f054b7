/** Processes of a benchmark's own, asked and answering over IPC. */
import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';

export interface BenchChild {
  readonly pid: number;
  /** Asks for something and waits for the answer. Rejects where the process ends first. */
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a TypeScript file beside the benchmark; resolves with its first message. */
export async function startChild(
  file: URL,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<{ readonly child: BenchChild; readonly ready: unknown }> {
  const child = fork(file, args, { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ready = await answer(child);
  return {
    ready,
    child: {
      pid: child.pid ?? 0,
      async ask<Answer>(question: unknown) {
        child.send(question as Serializable);
        return answer<Answer>(child);
      },
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.disconnect();
        await exited;
      },
    },
  };
}

async function answer<Answer>(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]) => message as Answer),
      once(child, 'exit', { signal: ended.signal }).then(() => {
        throw new Error(`A process of the benchmark ended by itself: ${child.spawnfile} ${child.spawnargs.slice(1).join(' ')}`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}

/** In the child: says that it is ready, answers questions, ends with its parent. */
export function serveParent(ready: unknown, respond: (question: unknown) => Promise<unknown> = () => Promise.resolve(null)): void {
  process.on('message', (question) => {
    void respond(question).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}
