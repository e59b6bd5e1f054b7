/** The flags by which a command on a data directory reaches an EventStoreDB that the installation records in. */
import type { Command } from 'commander';
import { misuse } from './cli-error.ts';
import { flag, readSecretFile, secretFileFlag } from './flags.ts';

export interface EventStoreFlags {
  readonly eventStore?: string;
  readonly eventStoreFile?: string;
}

/** Adds them. */
export function withEventStoreFlags(command: Command): Command {
  return command
    .addOption(flag('--event-store <store>', 'with a data directory that records in an EventStoreDB, while no server runs: its connection string, as serve takes it'))
    .addOption(secretFileFlag('event-store', 'a file that holds that connection string'));
}

/** The connection string they name. Throws CliError: misuse where both do, `secret-file-unreadable`. */
export function eventStoreOf({ eventStore, eventStoreFile }: EventStoreFlags): string | undefined {
  if (eventStoreFile === undefined) return eventStore;
  if (eventStore !== undefined) throw misuse('--event-store and --event-store-file name the same: give one of them');
  return readSecretFile(eventStoreFile);
}
