/** History from a data directory that no server runs on. */
import type { OfflineRecord } from '../control-plane/offline-record.ts';
import { CliError } from './cli-error.ts';
import type { HistorySource } from './history-source.ts';
import { createEnvironmentNames } from './rest/environment-names.ts';
import type { Event, EventFilter } from './rest/events.ts';

/** As REST tells it, by the same filters. A server that starts meanwhile is followed all the same. */
export function offlineHistory({ history, environments }: Pick<OfflineRecord, 'history' | 'environments'>): HistorySource {
  return {
    async *read(filter, { order, limit = Infinity, signal = new AbortController().signal }) {
      let wanted = limit;
      for await (const page of history.stream({ ...selectionOf(filter), order }, { follow: false, signal })) {
        yield page.slice(0, wanted) as readonly Event[];
        wanted -= page.length;
        if (wanted <= 0) return;
      }
    },
    async *follow(filter, signal) {
      for await (const page of history.stream(selectionOf(filter), { follow: true, signal })) yield* page as readonly Event[];
    },
    names: createEnvironmentNames(async (ids) => {
      const found = await Promise.all(ids.map(async (id) => ({ id, name: await environments.nameOf(id) })));
      return found.flatMap(({ id, name }) => (name === undefined ? [] : [{ id, name }]));
    }),
    async findEnvironment(nameOrId) {
      const id = await environments.find(nameOrId);
      if (id === undefined) throw new CliError('environment-not-found', `there is no environment ${nameOrId}: nothing that was recorded names one`);
      return id;
    },
  };
}

function selectionOf({ environment, changes, ...filter }: EventFilter): Parameters<OfflineRecord['history']['stream']>[0] {
  return { ...filter, ...(environment === undefined ? {} : { environmentId: environment }), ...(changes === undefined ? {} : { changesOnly: changes }) };
}
