/** `homeport events export`: everything recorded, or what is asked for, as JSON lines with what proves them. */
import { Command } from 'commander';
import { withClient } from '../connection.ts';
import { isServing } from '../data-directory.ts';
import { eventStoreOf } from '../event-store-flags.ts';
import { writeOutput } from '../file-output.ts';
import { filterOf, type FilterFlags, withFilterFlags } from '../filter-flags.ts';
import { dataDirOf, type HistoryFlags, withHistory, withHistoryFlags } from '../history-source.ts';
import { interruptible } from '../interruptible.ts';
import { withServersClient } from '../local-client.ts';
import { createProgressBar, type ProgressBar } from '../progress-bar.ts';
import { queryOf, type EventFilter } from '../rest/events.ts';

type Flags = HistoryFlags & FilterFlags;
type Chunks = AsyncIterable<Uint8Array>;

export function eventsExportCommand(): Command {
  const command = new Command('export').description('write everything recorded, or what is asked for, as JSON lines with what proves them').argument('[file]', 'where to; stdout otherwise');
  return withHistoryFlags(withFilterFlags(command)).action(exportEvents);
}

async function exportEvents(file: string | undefined, flags: Flags, self: Command): Promise<void> {
  const bar = createProgressBar('exporting');
  const outcome = file === undefined || file === '-' ? 'what was written is not whole' : `${file} was not written`;
  await interruptible(outcome, async (signal) => {
    // Names are looked up where history is read.
    const filter = flags.environment === undefined ? await filterOf({ findEnvironment: (id) => Promise.resolve(id) }, flags) : await withHistory(flags, self, (source) => filterOf(source, flags));
    await withExport(flags, self, { filter, signal }, (chunks) => writeOutput(file, withProgress(chunks, bar)));
  }).finally(bar.clear);
}

/** From the server that is named or signed in to; or from the store itself, which needs no server. */
async function withExport(flags: Flags, self: Command, { filter, signal }: { readonly filter: EventFilter; readonly signal: AbortSignal }, use: (chunks: Chunks) => Promise<void>): Promise<void> {
  const dataDirectory = dataDirOf(flags, self);
  const server = eventStoreOf(flags);
  const isStoreTyped = ['eventStore', 'eventStoreFile'].some((name) => self.getOptionValueSource(name) === 'cli') && flags.url === undefined;
  if (dataDirectory === undefined && !isStoreTyped) return withClient(flags, (client) => use(client.bytes('/events/export', { query: queryOf(filter), signal })));
  // Client commands start faster without it.
  const { exportStore } = await import('../../archive/export-store.ts');
  const { recordedKind } = await import('../../archive/data-directory.ts');
  if (dataDirectory !== undefined && server === undefined && recordedKind(dataDirectory) === 'eventstoredb' && (await isServing(dataDirectory))) {
    return withServersClient(dataDirectory, (client) => use(client.bytes('/events/export', { query: queryOf(filter), signal })));
  }
  const { environment, changes, ...rest } = filter;
  const selection = { ...rest, ...(environment === undefined ? {} : { environmentId: environment }), ...(changes === undefined ? {} : { changesOnly: changes }) };
  return use(exportStore({ dataDirectory, server, filter: selection, signal }));
}

/** Positions of the embedded store are numbers, up to the one that the first line names. */
async function* withProgress(chunks: Chunks, bar: ProgressBar): AsyncGenerator<Uint8Array, void, undefined> {
  const { lastPositionIn } = await import('../../archive/last-position.ts');
  let head: number | undefined;
  for await (const chunk of chunks) {
    head ??= Number(/"head":"(\d+)"/.exec(Buffer.from(chunk.subarray(0, 500)).toString())?.[1] ?? 0);
    bar.show(Math.min(head, lastPositionIn(chunk) ?? 0), head);
    yield chunk;
  }
}
