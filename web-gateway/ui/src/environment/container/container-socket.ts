/** Where the WebSockets to a container are. */
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
