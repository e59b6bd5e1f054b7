/** Environments as the record knows them: also those that were removed. */
import { CliError } from '../cli-error.ts';
import { findEnvironment, isSameName } from './environments.ts';
import { readHistory } from './events.ts';
import type { RestClient } from './rest-client.ts';

/** The id of an environment that exists or existed, by name or id; of several that had the name, the newest. Throws CliError `environment-not-found`. */
export async function findRecordedEnvironment(client: RestClient, nameOrId: string): Promise<string> {
  try {
    return (await findEnvironment(client, nameOrId)).id;
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'environment-not-found') throw error;
    const id = await createdAs(client, nameOrId);
    if (id === undefined) throw error;
    return id;
  }
}

/** The id itself, or the newest that was created with the name. */
async function createdAs(client: RestClient, nameOrId: string): Promise<string | undefined> {
  let named: string | undefined;
  for await (const page of readHistory(client, { categories: ['environment'], types: ['EnvironmentCreated'] }, { order: 'desc' })) {
    for (const { data } of page) {
      const id = String(data.environmentId);
      if (id === nameOrId) return id;
      if (named === undefined && isSameName(String(data.name), nameOrId)) named = id;
    }
  }
  return named;
}
