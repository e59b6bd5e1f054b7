/** What an agent says of itself in its first request. */
import type { AgentHello } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import { joinSecretOf } from '../../application/harness.ts';

/** Of the agent that the harness knows first, with a good join secret of the environment. */
export function helloOf(environmentId: string): AgentHello {
  return {
    environmentId,
    joinSecret: joinSecretOf(environmentId, 1),
    edgeId: '11111111-1111-4111-8111-111111111111',
    instanceId: 'instance1',
    protocolVersion: 1,
    version: '0.1.0',
    node: 'press',
    platform: 'linux/amd64',
    engine: undefined,
    swarm: undefined,
    endpoints: undefined,
  };
}
