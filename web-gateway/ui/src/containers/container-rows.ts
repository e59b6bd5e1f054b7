/** Containers across all environments, as their latest snapshots have them. */
import { answerOf, api } from '../api/client.ts';
import type { ListedAnswer } from '../api/answer.ts';
import type { ListPage } from '../list/use-rows-in-sight.ts';
import { asOf } from '../past/past-instant.ts';
import type { ContainersSearch } from './containers-search.ts';

/** A container, and in which environment and on which node it is. */
export type FoundContainer = ListedAnswer<'/api/v1/containers'>;

/** The subject of the pages' keys. */
export const CONTAINER_PAGES = 'container-pages';

/** A part of the list. Throws ApiError. */
export async function askContainers(search: ContainersSearch, at: string | undefined, { offset, limit }: { readonly offset: number; readonly limit: number }, signal: AbortSignal): Promise<ListPage<FoundContainer>> {
  const { items, total } = await answerOf(api.GET('/api/v1/containers', { params: { query: { ...search, ...asOf(at), offset, limit } }, signal }));
  return { items, total };
}
