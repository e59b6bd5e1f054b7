/**
 * Which kinds of operation a call to the Docker API (or Podman's) is, so that an admin can deny some: by its method and path alone. A call
 * may be of several kinds, and one that acts in a way nobody has heard of is of the kind `other`; what only shows something is of none.
 */
import type { DockerOperation } from '../../services/domain/docker-operation.ts';
import { dockerRoute } from './docker-route.ts';
import { isReadingRoute } from './reading-route.ts';

interface Rule {
  readonly operation: DockerOperation;
  /** Any, where it is not given. */
  readonly methods?: readonly string[];
  readonly routes: readonly RegExp[];
}

// A name may have slashes: the engine takes whatever stands between the ends of a path for one.
const RULES: readonly Rule[] = [
  { operation: 'exec', routes: [/^\/containers\/.+\/(?:exec|healthcheck|top)$/, /^\/exec\/.+\/(?:start|resize)$/, /^\/pods\/.+\/top$/] },
  { operation: 'attach', routes: [/^\/containers\/.+\/(?:attach|attach\/ws|resize)$/] },
  { operation: 'copy', routes: [/^\/containers\/.+\/(?:archive|copy|export|mount|unmount|checkpoint|restore)$/, /^\/volumes\/.+\/(?:export|import)$/] },
  {
    operation: 'create',
    methods: ['POST', 'PUT', 'PATCH'],
    routes: [/^\/(?:containers|services|pods)\/create$/, /^\/(?:containers|services)\/.+\/(?:update|rename|restore|clone)$/, /^\/(?:play\/kube|kube\/play|kube\/apply)$/],
  },
  { operation: 'start-stop', methods: ['POST'], routes: [/^\/(?:containers|pods)\/.+\/(?:start|stop|restart|kill|pause|unpause|init|checkpoint)$/] },
  { operation: 'build', routes: [/^\/(?:build|session|grpc|build\/cancel|commit|libpod\/build|local\/build)$/] },
  {
    operation: 'images',
    routes: [
      /^\/images\/(?:create|load|import|pull|get|export|search|remove|scp\/.+)$/,
      /^\/images\/.+\/(?:push|tag|untag|get)$/,
      /^\/(?:auth|distribution\/.+|local\/(?:images|artifacts)(?:\/.*)?|manifests(?:\/.*)?|artifacts(?:\/.*)?)$/,
    ],
  },
  { operation: 'remove', methods: ['DELETE'], routes: [/^/] },
  { operation: 'prune', methods: ['POST'], routes: [/\/prune$/] },
  { operation: 'networks', methods: ['POST', 'PUT', 'PATCH', 'DELETE'], routes: [/^\/networks(?:\/.*)?$/] },
  { operation: 'volumes', methods: ['POST', 'PUT', 'PATCH', 'DELETE'], routes: [/^\/volumes(?:\/.*)?$/] },
  { operation: 'swarm', routes: [/^\/swarm(?:\/.*)?$/] },
  { operation: 'swarm', methods: ['POST', 'PUT', 'PATCH', 'DELETE'], routes: [/^\/(?:nodes|services|tasks)(?:\/.*)?$/] },
  { operation: 'secrets', methods: ['POST', 'PUT', 'PATCH', 'DELETE'], routes: [/^\/(?:secrets|configs)(?:\/.*)?$/] },
  // Podman's shows a secret's value.
  { operation: 'secrets', routes: [/^\/secrets\/(?!json$|create$).+$/] },
  { operation: 'plugins', methods: ['POST', 'PUT', 'PATCH', 'DELETE'], routes: [/^\/plugins(?:\/.*)?$/] },
];

/** Asked by POST, and does no more than wait. */
const WAITING = /^\/containers\/.+\/wait$/;

/** @param path canonical */
export function dockerOperations(method: string, path: string): readonly DockerOperation[] {
  const route = dockerRoute(path);
  const operations = new Set(RULES.filter(({ methods, routes }) => (methods?.includes(method) ?? true) && routes.some((one) => one.test(route))).map(({ operation }) => operation));
  if (operations.size > 0) return [...operations];
  return isReadingRoute(method, path) || WAITING.test(route) ? [] : ['other'];
}
