/** What environments are called, asked for as they come up: a fleet has far more of them than a page of events. */
import type { Environment } from './environments.ts';
import type { RestClient } from './rest-client.ts';

export interface EnvironmentNames {
  /** Asks for those of these ids that are not known yet. Throws CliError. */
  learn(ids: readonly string[]): Promise<void>;
  /** Undefined where no such environment exists now. */
  of(id: string): string | undefined;
}

/** What strangers claim in the place of one is not asked for. */
const ID = /^[a-z0-9]{1,64}$/;

/** Ids in one request: their text must fit into its line. */
const IDS_AT_ONCE = 100;

export function createEnvironmentNames(ask: (ids: readonly string[]) => Promise<readonly Pick<Environment, 'id' | 'name'>[]>): EnvironmentNames {
  /** Null is known to be none. */
  const names = new Map<string, string | null>();
  return {
    async learn(ids) {
      const unknown = [...new Set(ids)].filter((id) => ID.test(id) && !names.has(id));
      for (let from = 0; from < unknown.length; from += IDS_AT_ONCE) {
        const some = unknown.slice(from, from + IDS_AT_ONCE);
        for (const id of some) names.set(id, null);
        for (const { id, name } of await ask(some)) names.set(id, name);
      }
    },
    of: (id) => names.get(id) ?? undefined,
  };
}

/** Asks the server for environments by their ids, at most a hundred; those that are not there are left out. Throws CliError. */
export async function environmentsOf(client: RestClient, ids: readonly string[]): Promise<readonly Environment[]> {
  const { body } = await client.call('GET', '/environments', { query: { id: ids.join(','), limit: ids.length } });
  return (body as { readonly items: readonly Environment[] }).items;
}
