/** The commands that run the agent's doctor where an agent was started by {@link import('./deploy-commands.ts').deployCommands}. */
import { AGENT_NAME } from './deploy-commands.ts';
import type { Platform } from './port.ts';

/** In the image there is neither a shell nor `homeport`. */
const IN_CONTAINER = '/bin/node /homeport/agent.mjs doctor';

/** To paste into a POSIX shell of the machine on which the agent is, as root. There is no secret in them. */
export const doctorCommands: Readonly<Record<Platform, string>> = {
  standalone: `docker exec ${AGENT_NAME} ${IN_CONTAINER}`,
  // A service's containers have names of their own; on each node there is one.
  swarm: `docker exec $(docker ps --quiet --latest --filter label=com.docker.swarm.service.name=${AGENT_NAME}) ${IN_CONTAINER}`,
  podman: `podman exec ${AGENT_NAME} ${IN_CONTAINER}`,
  compose: `docker exec ${AGENT_NAME} ${IN_CONTAINER}`,
  // With what the service's unit starts, and with the same variables.
  systemd: `(set -a; . /etc/homeport-agent/agent.env; DATA_PATH=/var/lib/homeport-agent; NODE_USE_SYSTEM_CA=1
$(sed -n 's/^ExecStart=//p' /etc/systemd/system/homeport-agent.service) doctor)`,
};
