/** What an agent needs to join an environment. Secret: whoever has it can answer for the environment. */
import type { Asking } from '../api/asking.ts';
import { answerOf, api } from '../api/client.ts';
import type { Answer } from '../api/answer.ts';

/** The join token, the Edge ID, and the commands that use them. */
export type Deployment = Answer<'/api/v1/environments/{id}/deployment'>;
/** What the agent is to run on. */
export type Platform = keyof Deployment['commands'];

/** A rotated token, another address and another certificate make another one: it is stale with the environment. */
export function deploymentQuery(environmentId: string): Asking<Deployment> {
  return { queryKey: ['environment', environmentId, 'deployment'], queryFn: () => answerOf(api.GET('/api/v1/environments/{id}/deployment', { params: { path: { id: environmentId } } })) };
}
