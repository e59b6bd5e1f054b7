/** History over REST. */
import type { HistorySource } from '../history-source.ts';
import { createEnvironmentNames, environmentsOf } from './environment-names.ts';
import { followEvents, readHistory } from './events.ts';
import { findRecordedEnvironment } from './recorded-environments.ts';
import type { RestClient } from './rest-client.ts';

/** The history that a server tells. */
export function restHistory(client: RestClient): HistorySource {
  return {
    read: (filter, options) => readHistory(client, filter, options),
    follow: (filter, signal) => followEvents(client, filter, signal),
    names: createEnvironmentNames((ids) => environmentsOf(client, ids)),
    findEnvironment: (nameOrId) => findRecordedEnvironment(client, nameOrId),
  };
}
