/** The table of the timeline. */

export interface TimelineRow {
  readonly ordinal: number;
  readonly recordedAtMs: number;
  /** Null for what concerns no environment. */
  readonly environmentId: string | null;
  readonly type: string;
  readonly actor: string | null;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  /** The event's data as JSON; of a snapshot what {@link snapshotDetails} leaves of it. */
  readonly data: string;
  /** The category with which the event goes in time; null for what stays. */
  readonly expiring: 'refusals' | 'snapshots' | null;
}

export const timelineSchema = `
  CREATE TABLE timeline (ordinal INTEGER PRIMARY KEY, recordedAtMs INTEGER NOT NULL, environmentId TEXT, type TEXT NOT NULL, actor TEXT, eventId TEXT NOT NULL,
    stream TEXT NOT NULL, revision INTEGER NOT NULL, position TEXT NOT NULL, data TEXT NOT NULL, expiring TEXT) STRICT;
  CREATE INDEX timeline_by_environment ON timeline (environmentId, ordinal);
  CREATE INDEX timeline_expiring ON timeline (expiring, recordedAtMs) WHERE expiring IS NOT NULL;
`;
