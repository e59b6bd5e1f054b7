/** An export straight from a store: of a data directory, beside its running server or without one, or of an EventStoreDB. */
import { checkTypes } from '../application/event-selection.ts';
import { openLogArchive, openServerEventStore } from '../event-store/open.ts';
import { recordedKind } from './data-directory.ts';
import { ExportError } from './export-error.ts';
import type { ExportFilter } from './export-filter.ts';
import { archiveSource, readerSource, writeExport } from './write-export.ts';

export interface StoreToExport {
  readonly dataDirectory: string | undefined;
  /** An EventStoreDB's connection string; needed where the directory's installation records there. */
  readonly server: string | undefined;
  readonly filter: ExportFilter;
  readonly signal: AbortSignal;
}

/** The bytes of the export; the calling thread runs SQL. Throws ApplicationError `unknown-event-type`, {@link ExportError} `no-data-directory` or `event-store-not-named`, EventStoreError, and the signal's reason. */
export async function* exportStore({ dataDirectory, server, filter, signal }: StoreToExport): AsyncGenerator<Uint8Array, void, undefined> {
  checkTypes(filter.types);
  const options = { filter, at: new Date().toISOString(), signal };
  const kind = dataDirectory === undefined ? undefined : recordedKind(dataDirectory);
  if (dataDirectory !== undefined && kind === undefined) throw new ExportError('no-data-directory', `${dataDirectory} holds no Homeport data: name the folder that serve was given as --data-dir`);
  if (dataDirectory !== undefined && kind === 'sqlite') {
    const archive = openLogArchive(dataDirectory);
    try {
      yield* writeExport(archiveSource(archive), options);
    } finally {
      archive.close();
    }
    return;
  }
  if (server === undefined) throw new ExportError('event-store-not-named', `${dataDirectory ?? 'this installation'} records in an EventStoreDB: name it by --event-store, or ask its running server by --url`);
  const store = await openServerEventStore(server);
  try {
    yield* writeExport(await readerSource(store), options);
  } finally {
    await store.close();
  }
}
