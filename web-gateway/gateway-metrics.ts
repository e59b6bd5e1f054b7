/** What the gateway tells whoever measures it, and whom it asks for `/metrics`. */

/** A request of the REST interface that has had its answer, or whose client has gone. */
export interface EndedRequest {
  readonly method: string;
  /** As it was declared, such as `/api/v1/environments/:id`; `none` where nothing is there. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** A call of the Docker proxy that is over. */
export interface EndedDockerCall {
  /** A stream lasts as long as somebody follows it. */
  readonly kind: 'call' | 'stream';
  /** `answered`, whatever the engine's status, or the stable code of what went wrong. */
  readonly outcome: string;
  readonly durationMs: number;
}

/** What somebody follows, other than through the Docker proxy itself. */
export type FollowedStream = 'live' | 'exec' | 'attach' | 'logs' | 'stats' | 'engine-events';

export interface GatewayMetrics {
  requestEnded(request: EndedRequest): void;
  dockerCallEnded(call: EndedDockerCall): void;
  /** A live client, or a WebSocket to a container, is there until the way out, which is returned, is taken. */
  streamOpened(kind: FollowedStream): () => void;
  /** All metrics of the process, in Prometheus' text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}
