/** The environments of a simulated fleet: made and removed over REST, or taken as they are. */
import { CliError } from '../cli-error.ts';
import { listEnvironments } from '../rest/environments.ts';
import type { Deployment, Environment } from '../rest/environments.ts';
import type { RestClient } from '../rest/rest-client.ts';

/** Every environment made for a fleet bears it. */
export const FLEET_TAG = 'simulated';

/** An environment whose agent is to be simulated. */
export interface FleetEnvironment {
  readonly id: string;
  readonly name: string;
  readonly edgeId: string;
  /** Secret. */
  readonly joinToken: string;
}

/** Requests under way at once. */
const AT_ONCE = 16;

/** Is told how many are done, now and then. */
export type Progress = (done: number, of: number) => void;

/**
 * Makes environments named PREFIX-1 and so on, and adds each to `made` as soon as it is there: what an error or the signal leaves behind is
 * in it. Throws {@link CliError} `name-taken` and others.
 */
export async function createFleetEnvironments(
  client: RestClient,
  options: { readonly count: number; readonly prefix: string; readonly address: string; readonly pollIntervalSeconds: number | undefined; readonly tags: readonly string[]; readonly made: FleetEnvironment[]; readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const { count, prefix, address, pollIntervalSeconds, tags, made, progress, signal } = options;
  const digits = String(count).length;
  await inParallel(count, signal, async (index) => {
    const name = `${prefix}-${String(index + 1).padStart(digits, '0')}`;
    const body = { name, address, pollIntervalSeconds, tags: [FLEET_TAG, ...tags], allowLoopback: true };
    const { id, issuedEdgeId, joinToken } = (await client.call('POST', '/environments', { body })).body as Environment & { readonly joinToken: string };
    made.push({ id, name, edgeId: issuedEdgeId, joinToken });
    progress(made.length, count);
  });
}

/** Environments that bear the tag, at most so many. Throws {@link CliError} `environment-in-use` where an agent polls for one of them, and `environment-not-found` where there are too few. */
export async function takeFleetEnvironments(client: RestClient, options: { readonly count: number; readonly tag: string; readonly progress: Progress; readonly signal: AbortSignal }): Promise<readonly FleetEnvironment[]> {
  const { count, tag, progress, signal } = options;
  const found = (await listEnvironments(client, { tag })).slice(0, count);
  if (found.length < count) throw new CliError('environment-not-found', `${String(found.length)} environments bear the tag ${tag}, which is fewer than --agents ${String(count)}: ask for fewer, or leave --existing out to make some`);
  const used = found.find(({ status }) => status === 'up' || status === 'duplicate');
  if (used !== undefined) throw new CliError('environment-in-use', `an agent polls for ${used.name} already: a second one would be its duplicate. Stop it, or name another tag; after a load test it takes a while until nobody is expected back`);
  const taken: FleetEnvironment[] = [];
  await inParallel(count, signal, async (index) => {
    const environment = found[index];
    if (environment === undefined) return;
    const { edgeId, joinToken } = (await client.call('GET', `/environments/${environment.id}/deployment`)).body as Deployment;
    taken.push({ id: environment.id, name: environment.name, edgeId, joinToken });
    progress(taken.length, count);
  });
  return taken;
}

/** Removes them. Those that are left when it fails, or when the signal aborts, stay in `left`; the first error is thrown. */
export async function removeFleetEnvironments(client: RestClient, options: { readonly left: FleetEnvironment[]; readonly progress: Progress; readonly signal: AbortSignal }): Promise<void> {
  const { left, progress, signal } = options;
  const all = [...left];
  const gone = new Set<FleetEnvironment>();
  try {
    await inParallel(all.length, signal, async (index) => {
      const environment = all[index];
      if (environment === undefined) return;
      await client.call('DELETE', `/environments/${environment.id}`);
      gone.add(environment);
      progress(gone.size, all.length);
    });
  } finally {
    left.splice(0, left.length, ...all.filter((environment) => !gone.has(environment)));
  }
}

/** Does it for 0 to count - 1, several at once; those under way are waited for, also when one fails. Ends early, without an error, when the signal aborts. */
async function inParallel(count: number, signal: AbortSignal, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (next < count && failure === undefined && !signal.aborted) {
      try {
        await act(next++);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (failure !== undefined) throw failure.error;
}
