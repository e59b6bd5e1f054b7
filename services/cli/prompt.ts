/** Questions to whoever sits at the terminal. They go to stderr: stdout is for results. */
import { createInterface } from 'node:readline/promises';
import type { Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for a line. Throws {@link CliError} `cancelled` on Ctrl-C or Ctrl-D. */
export async function ask(question: string): Promise<string> {
  return await readLine((lines, signal) => lines.question(question, { signal }), process.stderr);
}

/** Asks for a line that is not shown. Throws as {@link ask}. */
export async function askSecretly(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await readLine((lines, signal) => {
      const answer = lines.question('', { signal });
      // Only now does the terminal no longer show what is typed: whoever is quick must not be asked before.
      process.stderr.write(question);
      return answer;
    }, nowhere);
  } finally {
    process.stderr.write('\n');
  }
}

/** Asks to confirm; anything but y or yes is no. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

/** All that is piped in, without the line end at its end. */
export async function readPipedText(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

async function readLine(put: (lines: Interface, signal: AbortSignal) => Promise<string>, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const cancelled = new AbortController();
  lines.on('SIGINT', () => cancelled.abort()).on('close', () => cancelled.abort());
  try {
    return await put(lines, cancelled.signal);
  } catch (error) {
    throw new CliError('cancelled', 'cancelled', { cause: error });
  } finally {
    lines.close();
  }
}
