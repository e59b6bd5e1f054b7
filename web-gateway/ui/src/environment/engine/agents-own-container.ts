/** Which container is Homeport's agent: what ends it cuts off the branch that the page sits on. */
import type { ContainerRow } from './engine-rows.ts';

/** As the deploy commands name it (the image, the container, Compose's project and Swarm's service). */
export const AGENT_NAME = 'homeport-agent';
const IMAGE = /(?:^|\/)homeport-agent(?::|@|$)/;

/**
 * By its image, its name or its labels; and by the host name that its agent reports, which in a container of its own network is the
 * beginning of the container's id.
 * @param agentHosts the nodes of the environment's agents
 */
export function isAgentsOwn({ id, name, image, labels }: Pick<ContainerRow, 'id' | 'name' | 'image' | 'labels'>, agentHosts: readonly string[]): boolean {
  return (
    IMAGE.test(image) ||
    name === AGENT_NAME ||
    labels['org.opencontainers.image.title'] === 'Homeport agent' ||
    labels['com.docker.compose.project'] === AGENT_NAME ||
    labels['com.docker.swarm.service.name'] === AGENT_NAME ||
    agentHosts.some((host) => /^[0-9a-f]{12}$/.test(host) && id.startsWith(host))
  );
}

/** Why nothing may be done with it here that would end it. */
export const WHY_KEPT = 'This is the agent itself: without it the environment cannot be reached. Stop it on its own machine.';
