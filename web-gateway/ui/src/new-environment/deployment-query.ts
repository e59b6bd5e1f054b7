/** What an agent needs to join an environment. Secret: whoever has it can answer for the environment. */
import type { Asking } from '../api/asking.ts';
import { answerOf, api } from '../api/client.ts';
import type { paths } from '../api/generated/openapi.d.ts';

export type Deployment = paths['/api/v1/environments/{id}/deployment']['get']['responses'][200]['content']['application/json'];
export type Platform = keyof Deployment['commands'];

/** A rotated token, another address and another certificate make another one: it is stale with the environment. */
export function deploymentQuery(environmentId: string): Asking<Deployment> {
  return { queryKey: ['environment', environmentId, 'deployment'], queryFn: () => answerOf(api.GET('/api/v1/environments/{id}/deployment', { params: { path: { id: environmentId } } })) };
}
