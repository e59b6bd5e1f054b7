/** Where a command reads history: a server, or the data directory of one that need not run. */
import type { Command } from 'commander';
import { misuse } from './cli-error.ts';
import { withClient, withConnectionFlags } from './connection.ts';
import type { ConnectionFlags } from './connection.ts';
import { checkDataDirectory, isServing } from './data-directory.ts';
import { eventStoreOf, withEventStoreFlags } from './event-store-flags.ts';
import type { EventStoreFlags } from './event-store-flags.ts';
import { flag } from './flags.ts';
import { withServersClient } from './local-client.ts';
import { offlineHistory } from './offline-history.ts';
import type { EnvironmentNames } from './rest/environment-names.ts';
import type { Event, EventFilter, ReadOptions } from './rest/events.ts';
import { restHistory } from './rest/rest-history.ts';

export interface HistorySource {
  /** What was recorded so far, in pages. Throws CliError, or the signal's reason. */
  read(filter: EventFilter, options: ReadOptions): AsyncGenerator<readonly Event[], void, undefined>;
  /** What is recorded from now on, or from `filter.from` on, as it comes, until `filter.to`. Throws CliError, or what the signal's abort makes of it. */
  follow(filter: EventFilter, signal: AbortSignal): AsyncGenerator<Event, void, undefined>;
  readonly names: EnvironmentNames;
  /** The id of an environment that exists, or existed, by name or id. Throws CliError `environment-not-found`. */
  findEnvironment(nameOrId: string): Promise<string>;
}

export interface HistoryFlags extends ConnectionFlags, EventStoreFlags {
  readonly dataDir?: string;
}

/** Adds the flags that say where history is read. */
export function withHistoryFlags(command: Command): Command {
  command.addOption(flag('--data-dir <folder>', "read this data directory on the server's own machine, with or without its server running"));
  return withEventStoreFlags(withConnectionFlags(command));
}

/** Opens what the flags name, lends it, and closes it. A server that runs on the directory is asked. Throws CliError, and as `use` does. */
export async function withHistory<Result>(flags: HistoryFlags, command: Command, use: (source: HistorySource) => Promise<Result>): Promise<Result> {
  const dataDir = dataDirOf(flags, command);
  if (dataDir === undefined) return withClient(flags, (client) => use(restHistory(client)));
  checkDataDirectory(dataDir);
  if (await isServing(dataDir)) return withServersClient(dataDir, (client) => use(restHistory(client)));
  // Client commands start faster without it.
  const { openOfflineRecord } = await import('../control-plane/offline-record.ts');
  const record = await openOfflineRecord(dataDir, eventStoreOf(flags));
  try {
    return await use(offlineHistory(record));
  } finally {
    await record.close();
  }
}

/** The data directory, where that is meant: what is typed wins over variables; of two variables the server's. Throws a misuse where both are typed. */
export function dataDirOf({ dataDir, url }: HistoryFlags, command: Command): string | undefined {
  if (dataDir === undefined || url === undefined) return dataDir;
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (isTyped('dataDir') && isTyped('url')) throw misuse('--url and --data-dir name two places: give one of them');
  return isTyped('dataDir') ? dataDir : undefined;
}
