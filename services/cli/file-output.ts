/** Writes what a command makes to a file, whole or not at all, or to stdout. */
import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { CliError } from './cli-error.ts';

/**
 * To `file`, readable by its owner alone, under another name until it is whole; an earlier one is replaced then. To stdout where it is undefined or `-`.
 * Throws CliError `output-unwritable`, and what the chunks throw.
 */
export async function writeOutput(file: string | undefined, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  if (file === undefined || file === '-') return writeToStdout(chunks);
  const unfinished = `${file}.unfinished`;
  const unwritable = (error: unknown): CliError =>
    new CliError('output-unwritable', `${file} can't be written (${error instanceof Error && 'code' in error ? String(error.code) : String(error)}): choose another place, or make room there`, { cause: error });
  await rm(unfinished, { force: true }).catch(() => undefined);
  const handle = await open(unfinished, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(error);
  });
  try {
    for await (const chunk of chunks) {
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw unwritable(error);
      });
    }
    await handle.sync();
    await handle.close();
    await rename(unfinished, file).catch((error: unknown) => {
      throw unwritable(error);
    });
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function writeToStdout(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
}
