/** Environments over REST, found by name or id. */
import { CliError } from '../cli-error.ts';
import { programName } from '../program-name.ts';
import type { RestClient } from './rest-client.ts';

/** What is known of the engine, all nodes together. */
export interface Snapshot {
  readonly takenAt: string | null;
  readonly summary: {
    readonly stacks: number;
    readonly services: number;
    readonly containers: { readonly total: number; readonly running: number; readonly stopped: number; readonly healthy: number; readonly unhealthy: number };
    readonly volumes: number;
    readonly images: number;
    readonly cpus: number;
    readonly memoryBytes: number;
  } | null;
  readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: string } | null;
}

/** What the command line reads of an environment; REST says more. */
export interface Environment {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly address: string;
  readonly tunnelAddress: string;
  readonly issuedEdgeId: string;
  readonly edgeId: string | null;
  readonly barredEdgeIds: readonly string[];
  readonly association: {
    readonly duplicates: readonly { readonly node: string; readonly address: string }[];
    readonly lastRejected: { readonly reason: string; readonly address: string; readonly at: string } | null;
  };
  readonly tags: readonly string[];
  readonly platform: string | null;
  readonly createdAt: string;
  readonly pollIntervalSeconds: number | null;
  readonly heartbeat: { readonly state: string; readonly lastPolledAt: string | null; readonly lastFailure: { readonly reason: string; readonly at: string } | null };
  readonly agents: readonly {
    readonly node: string;
    readonly version: string;
    readonly addressFailure: { readonly address: string; readonly reason: string; readonly detail: string; readonly at: string } | null;
  }[];
  readonly tunnel: { readonly state: string; readonly since: string | null; readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: string } | null };
  readonly snapshot: Snapshot | null;
  /** Of the past alone: the fields that may be older than they were. */
  readonly approximate?: readonly string[];
}

/** What an agent needs to join. */
export interface Deployment {
  readonly edgeId: string;
  readonly joinToken: string;
}

interface Page {
  readonly items: readonly Environment[];
  readonly nextCursor: string | null;
}

/** Which environments, and as of which instant where it is not now. */
interface EnvironmentQuery {
  readonly search?: string;
  readonly tag?: string;
  readonly status?: string;
  readonly asOf?: string;
}

/** All environments that match, page after page. */
export async function listEnvironments(client: RestClient, query: EnvironmentQuery): Promise<readonly Environment[]> {
  const found: Environment[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.call('GET', '/environments', { query: { ...query, limit: 1000, cursor } });
    const page = body as Page;
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** Finds an environment by id, or by name ignoring case, as of an instant where it is not now. Throws CliError `environment-not-found`. */
export async function findEnvironment(client: RestClient, nameOrId: string, asOf?: string): Promise<Environment> {
  const query = asOf === undefined ? {} : { asOf };
  if (/^[a-z0-9]+$/.test(nameOrId)) {
    const environment = await client.call('GET', `/environments/${nameOrId}`, { query }).catch((error: unknown) => {
      if (error instanceof CliError && error.code === 'environment-not-found') return undefined;
      throw error;
    });
    if (environment !== undefined) return environment.body as Environment;
  }
  const matches = await listEnvironments(client, { search: nameOrId, ...query });
  const found = matches.find(({ name }) => isSameName(name, nameOrId));
  if (found === undefined) {
    const [was, flags] = asOf === undefined ? ['is', ''] : ['was', ` --as-of ${asOf}`];
    throw new CliError('environment-not-found', `there ${was} no environment ${nameOrId}: ${programName()} env list${flags} shows them`);
  }
  return found;
}

/** Whether the server takes two names for one; a file system may spell accents otherwise than a keyboard. */
export function isSameName(one: string, other: string): boolean {
  const folded = (name: string): string => name.normalize('NFC').toLowerCase();
  return folded(one) === folded(other);
}
