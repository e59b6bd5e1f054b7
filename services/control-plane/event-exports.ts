/** Exports for REST: each from a thread of its own. */
import type { EventExports } from '../application/ports/history.ts';
import { checkTypes } from '../application/event-selection.ts';
import { type Clock, instantOf } from '../application/clock.ts';
import { type ExportedStore, exportInThread } from '../archive/export-thread.ts';
import type { OpenedEventStore } from '../event-store/open.ts';

/** The embedded store's log is read beside the store itself. */
export function createEventExports({ store, dataDir, clock }: { readonly store: OpenedEventStore; readonly dataDir: string; readonly clock: Clock }): EventExports {
  const exported = (): ExportedStore => {
    if (store.chain !== undefined) return { dataDirectory: dataDir };
    const { description } = store.readerSource();
    if (description.kind !== 'eventstoredb') throw new TypeError('A store without a chain is an EventStoreDB.');
    return description;
  };
  return {
    export: (filter, signal) => {
      checkTypes(filter.types);
      return exportInThread({ store: exported(), filter, at: instantOf(clock) }, signal);
    },
  };
}
