/** What is asked while an environment's agent is waited for. */
import type { Asking } from '../api/asking.ts';
import { answerOf, api } from '../api/client.ts';
import { askTimeline } from '../timeline/ask-timeline.ts';
import type { Environment, TimelineEntry } from '../api/answer.ts';
import type { paths } from '../api/generated/openapi.d.ts';

/** What creating one is answered with: the environment, its join token, and hints on its addresses. */
export type CreatedEnvironment = paths['/api/v1/environments']['post']['responses'][201]['content']['application/json'];

/** The environment, which shows what its agent reports. */
export function arrivingEnvironmentQuery(id: string): Asking<Environment> {
  return { queryKey: ['environment', id, 'arrival'], queryFn: () => answerOf(api.GET('/api/v1/environments/{id}', { params: { path: { id } } })) };
}

/** Its agents' first entries in the timeline. */
export function agentEntriesQuery(id: string): Asking<readonly TimelineEntry[]> {
  return {
    queryKey: ['timeline', id, 'arrival'],
    queryFn: async () => (await askTimeline(id, { kind: 'agent', order: 'asc', limit: 50 })).items,
  };
}

/** Who was turned away since then: for this environment, and with a token that could not be read, the latest first. */
export function refusalsQuery(id: string, since: string): Asking<readonly TimelineEntry[]> {
  return {
    queryKey: ['timeline', id, 'refusals', since],
    queryFn: async () => {
      const { items } = await askTimeline(undefined, { kind: 'refusal', from: since, limit: 50 });
      return items.filter(({ environmentId, type }) => type !== 'RefusalsSuppressed' && (environmentId === id || environmentId === null));
    },
  };
}
