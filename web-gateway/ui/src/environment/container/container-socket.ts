/** The WebSockets to a container: where they are, and how soon they are tried again. */

export type SocketPath = 'exec' | 'attach' | 'logs' | 'stats';

export interface SocketTarget {
  readonly environmentId: string;
  /** A Swarm node; undefined is the environment's own engine. */
  readonly node: string | undefined;
  /** Its id or name. */
  readonly container: string;
}

export function socketUrl({ environmentId, node, container }: SocketTarget, path: SocketPath, query: Readonly<Record<string, string | number | boolean | undefined>> = {}): string {
  const url = new URL(`/api/v1/environments/${environmentId}/containers/${encodeURIComponent(container)}/${path}`, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  if (node !== undefined) url.searchParams.set('node', node);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/** How long to wait before the next attempt. @param failures how many there were in a row */
export function pauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}
