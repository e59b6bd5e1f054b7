/** What is known of a call to the Docker API by its method and path: whether it may change something, and what becomes of its connection. */

/** Calls that are recorded as a stream of their own. The first four take the connection over. */
export type StreamKind = 'attach' | 'exec' | 'session' | 'grpc' | 'logs';

export interface DockerRoute {
  /** False where the call only reads. What is unknown may change something. */
  readonly mayChange: boolean;
  /** The engine may answer with 101 and go on with raw bytes. */
  readonly upgradable: boolean;
  /** The engine may answer with 200 and go on with raw bytes, as to clients that ask for no upgrade. */
  readonly rawAnswer: boolean;
  readonly stream: StreamKind | undefined;
  /** Ends only when somebody ends it, so nobody waits for that: a followed log, events, figures, attach, a wait. */
  readonly endless: boolean;
}

/** As Podman takes it; Docker's has digits and dots alone. */
const VERSION = /^\/v[0-9][0-9A-Za-z.-]*(?=\/)/;
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/**
 * What is asked by GET and does more than read: attach/ws writes to a container's standard input; Podman's healthcheck runs
 * the check in the container; top runs ps with the caller's arguments, Podman's in the container.
 */
const ACTING_READS = /^\/(?:containers|pods)\/.+\/(?:attach\/ws|healthcheck|top)$/;
/** As the engine reads a flag: anything but these is true. */
const FOLLOW = /(?:^|&)follow=(?!(?:0|no|false|none)?(?:&|$))/i;

/** The figures of a container come for ever, unless one is asked for. */
const ONE_STAT = /(?:^|&)(?:stream=(?:0|no|false|none)?|one-shot=(?!(?:0|no|false|none)?(?:&|$))[^&]*)(?:&|$)/i;

/** The route without the API's version, which API (Docker's or Podman's own) it is of, and a slash at the end. @param path canonical. */
export function dockerRoute(path: string): string {
  return path.replace(VERSION, '').replace(/^\/libpod(?=\/)/, '').replace(/(?<=.)\/$/, '');
}

/** @param path canonical. @param query as it is sent. */
export function classify(method: string, path: string, query: string): DockerRoute {
  const route = dockerRoute(path);
  if (method === 'POST') {
    if (/^\/containers\/[^/]+\/attach$/.test(route)) return raw('attach', true);
    if (/^\/exec\/[^/]+\/start$/.test(route)) return raw('exec', true);
    if (route === '/session') return raw('session', false);
    if (route === '/grpc') return raw('grpc', false);
    const waits = /^\/containers\/[^/]+\/wait$/.test(route);
    return plain(!waits, undefined, waits);
  }
  if (!READING_METHODS.has(method)) return plain(true, undefined);
  if (ACTING_READS.test(route)) return plain(true, undefined, route.endsWith('/ws'));
  const logs = /^\/(?:containers|services|tasks)\/[^/]+\/logs$/.test(route) && FOLLOW.test(query);
  const follows = logs || route === '/events' || (/^\/containers\/(?:[^/]+\/)?stats$/.test(route) && !ONE_STAT.test(query));
  return plain(false, logs ? 'logs' : undefined, follows);
}

function raw(stream: StreamKind, rawAnswer: boolean): DockerRoute {
  return { mayChange: true, upgradable: true, rawAnswer, stream, endless: stream === 'attach' };
}

function plain(mayChange: boolean, stream: StreamKind | undefined, endless = false): DockerRoute {
  return { mayChange, upgradable: false, rawAnswer: false, stream, endless };
}
