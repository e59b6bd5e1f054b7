/**
 * A store of another make: HOMEPORT_TEST_STORE_COMMAND is a command for sh that starts it, prints its connection string (`esdb://…`) somewhere in
 * its output, and runs until SIGTERM. It is told a folder of its own in STORE_FOLDER, empty at first, and a free port in STORE_PORT: started there
 * again, it has what it had.
 */
import type { TemporaryFolder } from './temporary-folder.ts';

/** Empty where the specs run as usual. */
export const storeCommand = process.env['HOMEPORT_TEST_STORE_COMMAND'] ?? '';

/** A server may take its time to start. */
export const startWithinMs = 60_000;

const connectionStringPattern = /esdb:\/\/[^\s"]+/;

export function storeVariables(folder: TemporaryFolder, port: number): { readonly STORE_FOLDER: string; readonly STORE_PORT: string } {
  return { STORE_FOLDER: folder.path, STORE_PORT: String(port) };
}

/** Undefined where it has not named itself yet. */
export function findConnectionString(printed: string): string | undefined {
  return connectionStringPattern.exec(printed)?.[0];
}
