/** What environments are called, asked for as they come up: a fleet has far more of them than a page of events. */
import { CliError } from '../cli-error.ts';
import { listEnvironments } from './environments.ts';
import type { Environment } from './environments.ts';
import type { RestClient } from './rest-client.ts';

export interface EnvironmentNames {
  /** Asks for those of these ids that are not known yet. Throws CliError. */
  learn(ids: readonly string[]): Promise<void>;
  /** Undefined where no such environment exists now. */
  of(id: string): string | undefined;
}

/** For more than so many at once the whole list is read, in pages. */
const ONE_BY_ONE = 40;
const AT_ONCE = 8;

export function createEnvironmentNames(client: RestClient): EnvironmentNames {
  /** Null is known to be none. */
  const names = new Map<string, string | null>();

  async function nameOf(id: string): Promise<string | null> {
    try {
      return ((await client.call('GET', `/environments/${encodeURIComponent(id)}`)).body as Environment).name;
    } catch (error) {
      if (error instanceof CliError && error.code === 'environment-not-found') return null;
      throw error;
    }
  }

  return {
    async learn(ids) {
      const unknown = [...new Set(ids)].filter((id) => !names.has(id));
      if (unknown.length > ONE_BY_ONE) {
        for (const { id, name } of await listEnvironments(client, {})) names.set(id, name);
        for (const id of unknown) if (!names.has(id)) names.set(id, null);
        return;
      }
      const lane = async (): Promise<void> => {
        for (let id = unknown.shift(); id !== undefined; id = unknown.shift()) names.set(id, await nameOf(id));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
    },
    of: (id) => names.get(id) ?? undefined,
  };
}
