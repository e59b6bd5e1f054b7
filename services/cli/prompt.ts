/** Questions to whoever sits at the terminal. They go to stderr: stdout is for results. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for a line. Throws {@link CliError} `cancelled` on Ctrl-C or Ctrl-D. */
export async function ask(question: string): Promise<string> {
  return await readLine(question, process.stderr);
}

/** Asks for a line that is not shown. Throws as {@link ask}. */
export async function askSecretly(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await readLine('', nowhere);
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

async function readLine(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const cancelled = new AbortController();
  lines.on('SIGINT', () => cancelled.abort()).on('close', () => cancelled.abort());
  try {
    return await lines.question(question, { signal: cancelled.signal });
  } catch (error) {
    throw new CliError('cancelled', 'cancelled', { cause: error });
  } finally {
    lines.close();
  }
}
