/** The table of the activity projection. */

/**
 * One call through a tunnel. It stands where it was last told of by an event that says all of it (its start, its stream's
 * opening, its end), so that it stays, or goes, with that event.
 */
export interface CallRow {
  readonly ordinal: number;
  readonly recordedAtMs: number;
  readonly callId: string;
  readonly environmentId: string;
  readonly nodeKey: string;
  readonly actor: string | null;
  /** Null where only its stream is known. */
  readonly method: string | null;
  readonly path: string;
  readonly startedAt: string;
  /** Null while it goes on; where the control plane died meanwhile, and until it is back. */
  readonly endedAt: string | null;
  readonly status: number | null;
  readonly failure: string | null;
  readonly durationMs: number | null;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  /** exec, attach, logs: what kind of stream it became. */
  readonly stream: string | null;
  readonly streamReason: string | null;
  /** When the event that told of the stream was recorded. */
  readonly streamRecordedAtMs: number | null;
  /** The stream of events that tells of it: whose node's call it is. */
  readonly recordedIn: string;
}

/** activity_lost: calls whose record was lost while the store was away. */
export const activitySchema = `
  CREATE TABLE activity (ordinal INTEGER PRIMARY KEY, recordedAtMs INTEGER NOT NULL, callId TEXT NOT NULL, environmentId TEXT NOT NULL, nodeKey TEXT NOT NULL,
    actor TEXT, method TEXT, path TEXT NOT NULL, startedAt TEXT NOT NULL, endedAt TEXT, status INTEGER, failure TEXT, durationMs INTEGER,
    bytesSent INTEGER, bytesReceived INTEGER, stream TEXT, streamReason TEXT, streamRecordedAtMs INTEGER, recordedIn TEXT NOT NULL) STRICT;
  CREATE INDEX activity_by_environment ON activity (environmentId, ordinal);
  CREATE INDEX activity_by_age ON activity (recordedAtMs);
  CREATE INDEX activity_by_stream_age ON activity (streamRecordedAtMs) WHERE streamRecordedAtMs IS NOT NULL;
  CREATE INDEX activity_under_way ON activity (callId) WHERE endedAt IS NULL;
  CREATE TABLE activity_lost (ordinal INTEGER PRIMARY KEY, recordedAtMs INTEGER NOT NULL, at TEXT NOT NULL, count INTEGER NOT NULL) STRICT;
`;
