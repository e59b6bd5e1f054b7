/** The WebSockets to a container: where they are, and how soon they are tried again. */
import { socketUrl } from '../../api/socket-url.ts';

/** What is asked of a container: docs/websockets.md. */
export type SocketPath = 'exec' | 'attach' | 'logs' | 'stats';

/** Which container. */
export interface SocketTarget {
  readonly environmentId: string;
  /** A Swarm node; undefined is the environment's own engine. */
  readonly node: string | undefined;
  /** Its id or name. */
  readonly container: string;
}

/** @param query what the path takes besides the node */
export function containerSocketUrl({ environmentId, node, container }: SocketTarget, path: SocketPath, query: Parameters<typeof socketUrl>[1] = {}): string {
  return socketUrl(`/api/v1/environments/${environmentId}/containers/${encodeURIComponent(container)}/${path}`, { node, ...query });
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/** How long to wait before the next attempt. @param failures how many there were in a row */
export function pauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}
