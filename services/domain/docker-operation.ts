/** The kinds of operation on an engine that a role can be denied. */

/**
 * - `exec`: a command in a running container, by exec, top or Podman's health check
 * - `attach`: the streams of a running container's own process, and its terminal's size
 * - `copy`: files in and out of containers and volumes, exports, mounts
 * - `create`: containers, pods and services, made or remade: with them whatever they mount and may
 * - `start-stop`: start, stop, restart, kill, pause
 * - `build`: builds, BuildKit's sessions, commit
 * - `images`: pull, push, load, save, tag, import, and asking registries
 * - `remove`: whatever is asked by DELETE
 * - `prune`
 * - `networks`, `volumes`, `secrets` (configs, too), `plugins`: made, changed, removed; for secrets shown, too
 * - `swarm`: the swarm itself with its join tokens; nodes and services, made, changed, removed
 * - `other`: whatever else acts, what no version of the Docker API has had so far included
 */
export const dockerOperations = ['exec', 'attach', 'copy', 'create', 'start-stop', 'build', 'images', 'remove', 'prune', 'networks', 'volumes', 'swarm', 'secrets', 'plugins', 'other'] as const;

export type DockerOperation = (typeof dockerOperations)[number];

const known: ReadonlySet<string> = new Set(dockerOperations);

export function isDockerOperation(name: unknown): name is DockerOperation {
  return typeof name === 'string' && known.has(name);
}
