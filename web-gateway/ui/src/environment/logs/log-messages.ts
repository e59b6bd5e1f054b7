/** What the page and the worker that follows a container's logs tell each other. */
import type { SocketEnd } from '../container/socket-end.ts';
import type { LogStream } from './log-lines.ts';

/** What the page says. */
export type ToLogWorker =
  /** Follows it; `url` is of the WebSocket, without `since` and `tail`. */
  | { readonly type: 'follow'; readonly url: string; readonly tail: string }
  /** Goes on after its end: the container runs again. */
  | { readonly type: 'resume' }
  /** A page that is not in sight is told seldom. */
  | { readonly type: 'hidden'; readonly isHidden: boolean };

/** connecting → following ⇄ reconnecting; then ended, from which it goes on when the container runs again, or failed. */
export type LogState =
  | { readonly is: 'connecting' }
  | { readonly is: 'following' }
  /** It broke off, and is tried again by itself. */
  | { readonly is: 'reconnecting'; readonly why: string }
  /** All is said: the container does not run. */
  | { readonly is: 'ended' }
  | { readonly is: 'failed'; readonly end: SocketEnd };

/** Lines as columns: cheaper to hand over than objects. */
export interface LogBatch {
  readonly streams: readonly LogStream[];
  readonly times: readonly string[];
  readonly texts: readonly string[];
  /** Lines before them that were left out, because more came than can be kept. */
  readonly skipped: number;
}

/** What the worker says. */
export type FromLogWorker = { readonly type: 'state'; readonly state: LogState } | { readonly type: 'lines'; readonly batch: LogBatch };

/** So many of the last lines are kept. */
export const MOST_LINES = 20_000;
