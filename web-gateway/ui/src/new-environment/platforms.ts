/** The ways of running an agent. */
import type { Platform } from './deployment-query.ts';

/** In the order of the page. */
export const PLATFORMS = [
  { name: 'standalone', label: 'Docker', says: 'Paste it on the machine, as root or in the group docker. The image comes from this server: no registry is asked.' },
  { name: 'swarm', label: 'Swarm', says: 'Paste it on a manager. It starts an agent on every node; on the other nodes the first line alone loads the image.' },
  { name: 'podman', label: 'Podman', says: 'Paste it on the machine, as root. It turns Podman’s socket on, and the agent comes back with the machine.' },
  { name: 'compose', label: 'Compose', says: 'Paste it on the machine, as root or in the group docker: the same as with Docker, as a project of Compose.' },
  { name: 'systemd', label: 'systemd', says: 'Paste it on the machine, as root, where the agent is to run as a service and in no container. It brings all it needs.' },
] as const satisfies readonly { readonly name: Platform; readonly label: string; readonly says: string }[];

/** Undefined for what is none. */
export function platformOf(name: string | undefined): Platform | undefined {
  return PLATFORMS.find((one) => one.name === name)?.name;
}
