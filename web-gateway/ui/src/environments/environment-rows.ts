/** The list's rows: what of an environment they show, and how they are asked for. */
import type { ListedAnswer } from '../api/answer.ts';
import { answerOf, api } from '../api/client.ts';
import type { paths } from '../api/generated/openapi.d.ts';
import type { ListPage } from '../list/use-rows-in-sight.ts';
import { asOf } from '../past/past-instant.ts';
import type { EnvironmentsSearch } from './environments-search.ts';

type Query = NonNullable<paths['/api/v1/environments']['get']['parameters']['query']>;
type Environment = ListedAnswer<'/api/v1/environments'>;

/** Little of an environment: thousands are kept. */
export interface EnvironmentRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly platform: string | null;
  readonly lastPolledAt: string | null;
  /** The environment's own tunnel, or the one of its nodes that is furthest. */
  readonly tunnel: string;
  /** Why the tunnel was lost or could not be opened, where that was the last that was tried. */
  readonly tunnelFailure: string | null;
  readonly snapshotTakenAt: string | null;
  /** Of the past: what of it may be older than it was; past/approximate.ts says it. */
  readonly approximate: readonly string[];
  /** Null where no snapshot was taken. */
  readonly counts: { readonly running: number; readonly containers: number; readonly unhealthy: number; readonly stacks: number; readonly services: number } | null;
}

/** The subject of the pages' keys. */
export const ENVIRONMENT_PAGES = 'environment-pages';

/** A part of the list. Throws ApiError. */
export async function askEnvironments(search: EnvironmentsSearch, at: string | undefined, { offset, limit }: { readonly offset: number; readonly limit: number }, signal: AbortSignal): Promise<ListPage<EnvironmentRow>> {
  const { items, total } = await answerOf(api.GET('/api/v1/environments', { params: { query: { ...(search as Query), ...asOf(at), offset, limit } }, signal }));
  return { items: items.map(rowOf), total };
}

/** At most a hundred; those that are gone are left out. */
export async function askEnvironmentsById(ids: readonly string[]): Promise<readonly EnvironmentRow[]> {
  const { items } = await answerOf(api.GET('/api/v1/environments', { params: { query: { id: ids.join(','), limit: ids.length } } }));
  return items.map(rowOf);
}

const FURTHEST = ['open', 'opening', 'required'];

function rowOf({ id, name, status, tags, platform, heartbeat, tunnel, tunnels, snapshot, approximate = [] }: Environment): EnvironmentRow {
  const states = [tunnel, ...tunnels].map(({ state }) => state as string);
  const summary = snapshot?.summary ?? null;
  return {
    id,
    name,
    status,
    tags,
    platform,
    lastPolledAt: heartbeat.lastPolledAt,
    tunnel: FURTHEST.find((state) => states.includes(state)) ?? 'closed',
    tunnelFailure: tunnel.state === 'open' || tunnel.lastFailure === null ? null : (tunnel.lastFailure.detail || tunnel.lastFailure.reason),
    snapshotTakenAt: snapshot?.takenAt ?? null,
    approximate,
    counts: summary === null ? null : { running: summary.containers.running, containers: summary.containers.total, unhealthy: summary.containers.unhealthy, stacks: summary.stacks, services: summary.services },
  };
}
