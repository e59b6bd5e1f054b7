/** What is asked of the server about one environment. */
import { queryOptions } from '@tanstack/react-query';
import type { Answer, Environment, ListedAnswer } from '../api/answer.ts';
import { isCode } from '../api/api-error.ts';
import { answerOf, api, taggedAnswerOf } from '../api/client.ts';
import { asOf } from '../past/past-instant.ts';
import { askTimeline } from '../timeline/ask-timeline.ts';

/** How the way to one engine stands. */
export type Tunnel = Answer<'/api/v1/environments/{id}/connection'>;
/** A snapshot without its content. */
export type SnapshotItem = ListedAnswer<'/api/v1/environments/{id}/snapshots'>;
/** A snapshot with its content. */
export type LatestSnapshot = Answer<'/api/v1/environments/{id}/snapshots/latest'>;

/** An environment with the tag of what can be edited of it (If-Match). */
export interface TaggedEnvironment {
  readonly environment: Environment;
  readonly entityTag: string;
}

/** How often it is looked when the agent polled last, while the page is in sight. */
const POLLS_MS = 5_000;

/** The environment as its page shows it. */
export function environmentQuery(id: string, at: string | undefined) {
  return queryOptions({
    queryKey: ['environment', id, 'tagged', asOf(at)],
    // Polls are told of to those who ask for them alone.
    refetchInterval: at === undefined ? POLLS_MS : false,
    queryFn: async ({ signal }): Promise<TaggedEnvironment> => {
      const { body, tag } = await taggedAnswerOf(api.GET('/api/v1/environments/{id}', { params: { path: { id }, query: asOf(at) }, signal }));
      return { environment: body, entityTag: tag };
    },
  });
}

/** @param node a Swarm node's id; undefined is the environment's own engine */
export function tunnelQuery(id: string, node: string | undefined, at: string | undefined) {
  return queryOptions({
    queryKey: ['tunnel', id, node ?? null, asOf(at)],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/environments/{id}/connection', { params: { path: { id }, query: { ...(node === undefined ? {} : { node }), ...asOf(at) } }, signal })),
  });
}

/** What happened to the environment's tunnels last, newest first. */
export function tunnelEventsQuery(id: string) {
  return queryOptions({
    queryKey: ['timeline', id, 'tunnels'],
    queryFn: async ({ signal }) => (await askTimeline(id, { kind: 'tunnel', limit: 40 }, signal)).items,
  });
}

/** Null where there is none. @param node a Swarm node's id */
export function latestSnapshotQuery(id: string, node: string | undefined, at: string | undefined) {
  return queryOptions({
    queryKey: ['snapshot', id, node ?? null, asOf(at)],
    queryFn: async ({ signal }): Promise<LatestSnapshot | null> => {
      try {
        return await answerOf(api.GET('/api/v1/environments/{id}/snapshots/latest', { params: { path: { id }, query: { ...(node === undefined ? {} : { node }), ...asOf(at) } }, signal }));
      } catch (error) {
        if (isCode(error, 'snapshot-not-found')) return null;
        throw error;
      }
    },
  });
}
