/** The record of one proxied call: started before it may change anything, its streams, and one end for every call. */
import type { Activity, RecordedCall } from '../../services/application/ports/activity.ts';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { StreamKind } from './docker-route.ts';

export interface CallRecord {
  /** Bytes of bodies and raw streams, so far: `sent` to the engine, `received` from it. */
  readonly bytes: { sent: number; received: number };
  /** Throws event-store-unavailable where calls may not go unrecorded. */
  started(): Promise<void>;
  streamOpened(kind: StreamKind): void;
  /** Ends the call; only the first one counts. @param status sent to the client; null where it was gone before. @param failure a stable code. */
  ended(outcome: { readonly status: number | null; readonly failure: string | null }): void;
}

export function createCallRecord(activity: Activity, call: RecordedCall, context: CommandContext): CallRecord {
  const begunAt = performance.now();
  const bytes = { sent: 0, received: 0 };
  let stream: { readonly kind: StreamKind; readonly openedAt: number } | undefined;
  let isEnded = false;

  return {
    bytes,
    started: () => activity.callStarted(call, context),
    streamOpened(kind) {
      stream = { kind, openedAt: performance.now() };
      activity.streamOpened(call, kind, context);
    },
    ended({ status, failure }) {
      if (isEnded) return;
      isEnded = true;
      const now = performance.now();
      const counted = { bytesSent: bytes.sent, bytesReceived: bytes.received };
      if (stream !== undefined) {
        activity.streamClosed(call, stream.kind, { reason: failure ?? 'ended', durationMs: Math.round(now - stream.openedAt), ...counted }, context);
      }
      activity.callProxied(call, { status, failure, durationMs: Math.round(now - begunAt), ...counted }, context);
    },
  };
}
