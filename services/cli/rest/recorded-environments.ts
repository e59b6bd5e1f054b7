/** Environments as the record knows them: also those that were removed. */
import { CliError } from '../cli-error.ts';
import { findEnvironment, listEnvironments } from './environments.ts';
import { readHistory } from './events.ts';
import type { RestClient } from './rest-client.ts';

/** The id of an environment that exists or existed, by name or id; of several that had the name, the newest. Throws CliError `environment-not-found`. */
export async function findRecordedEnvironment(client: RestClient, nameOrId: string): Promise<string> {
  try {
    return (await findEnvironment(client, nameOrId)).id;
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'environment-not-found') throw error;
    const id = (await newestCreated(client, ({ environmentId }) => environmentId === nameOrId)) ?? (await newestCreated(client, ({ name }) => fold(name) === fold(nameOrId)));
    if (id === undefined) throw error;
    return id;
  }
}

/** What environments that exist now are called, by id. */
export async function environmentNames(client: RestClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await listEnvironments(client, {})).map(({ id, name }) => [id, name]));
}

async function newestCreated(client: RestClient, matches: (data: Readonly<Record<string, unknown>>) => boolean): Promise<string | undefined> {
  for await (const page of readHistory(client, { type: 'EnvironmentCreated' }, { order: 'desc' })) {
    const found = page.find(({ data }) => matches(data));
    if (found !== undefined) return String(found.data.environmentId);
  }
  return undefined;
}

function fold(name: unknown): string {
  return String(name).normalize('NFC').toLowerCase();
}
