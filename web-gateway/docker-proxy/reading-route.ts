/**
 * Which calls to the Docker API (and Podman's) an access to read allows: a list of what shows an engine and leaves it as it is. What
 * is not on it needs access full. Left out on purpose, though asked by GET:
 *
 * - what gives contents away: archive, export, images/get, images/…/get, generate/kube
 * - what gives secrets away: swarm and swarm/unlockkey (join tokens, the unlock key), secrets/… (Podman shows their values)
 * - what acts: attach/ws, top and healthcheck (they run something), distribution, images/search and plugins/privileges (the engine calls registries)
 */
import { dockerRoute } from './docker-route.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const READING: readonly RegExp[] = [
  /^\/(?:_ping|version|info|events|system\/df)$/,
  /^\/containers\/(?:json|stats|showmounted)$/,
  /^\/containers\/[^/]+\/(?:json|logs|stats|changes|exists)$/,
  /^\/exec\/[^/]+\/json$/,
  /^\/images\/json$/,
  // Names of images have slashes.
  /^\/images\/.+\/(?:json|history|exists|tree)$/,
  /^\/(?:networks|volumes|pods)(?:\/json)?$/,
  /^\/(?:networks|volumes)\/[^/]+(?:\/(?:json|exists))?$/,
  /^\/pods\/(?:stats|[^/]+\/(?:json|exists))$/,
  /^\/(?:services|nodes|tasks|configs|plugins)(?:\/[^/]+)?$/,
  /^\/(?:services|tasks)\/[^/]+\/logs$/,
  /^\/plugins\/[^/]+\/json$/,
  /^\/secrets(?:\/json)?$/,
];
/** Would be taken for names above. */
const NO_NAME: ReadonlySet<string> = new Set(['/plugins/privileges']);

/** @param path canonical */
export function isReadingRoute(method: string, path: string): boolean {
  if (!METHODS.has(method)) return false;
  const route = dockerRoute(path);
  return !NO_NAME.has(route) && READING.some((reading) => reading.test(route));
}
