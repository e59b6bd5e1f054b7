/** Finds an instant in the log. */
import type { DatabaseSync } from 'node:sqlite';
import type { Settings } from '../../services/domain/events.ts';
import type { Position } from '../../services/event-store/port.ts';

/** What the read models know of a past instant, beside the rows that were valid then. */
export interface PastInstant {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** The newest position known to hold an event recorded at or before the instant, within a second of it where there is one; null where polls of then are gone. */
  readonly near: Position | null;
  /** No poll after this place is gone. */
  readonly keptFrom: Position | null;
  /** Snapshots recorded before this, in milliseconds since 1970, are gone; 0 where none are. */
  readonly snapshotsKeptFromMs: number;
  /** Where the summaries of polls stand that were newest then, newest first: those of the last round, and more. */
  readonly summaries: readonly Position[];
  /** What the settings said then, where that had been set. */
  readonly settings: Partial<Settings>;
}

/** A round of summaries is appended at once, one after the other; rounds are an hour apart. */
const roundMs = 10 * 60_000;

/** Prepares finding instants. */
export function createInstantLookup(database: DatabaseSync): (atMs: number) => PastInstant {
  const second = database.prepare('SELECT position FROM log_seconds WHERE second <= ? ORDER BY second DESC LIMIT 1');
  const snapshots = database.prepare('SELECT keptFromMs FROM snapshot_retention');
  const first = database.prepare('SELECT position FROM log_seconds ORDER BY second LIMIT 1');
  const newest = database.prepare('SELECT max(recordedAtMs) AS newest FROM poll_summaries WHERE recordedAtMs <= ?');
  const summaries = database.prepare('SELECT position FROM poll_summaries WHERE recordedAtMs BETWEEN ? AND ? ORDER BY recordedAtMs DESC, ordinal DESC');
  const settings = database.prepare('SELECT changes FROM settings_changes WHERE recordedAtMs <= ? ORDER BY ordinal');

  return (atMs) => {
    const positionOf = (row: Record<string, unknown> | undefined): Position | null => (row === undefined ? null : String(row['position']));
    const newestMs = newest.get(atMs)?.['newest'];
    const round = typeof newestMs === 'number' ? summaries.all(newestMs - roundMs, atMs) : [];
    return {
      atMs,
      near: positionOf(second.get(Math.floor(atMs / 1000))),
      keptFrom: positionOf(first.get()),
      snapshotsKeptFromMs: Number(snapshots.get()?.['keptFromMs'] ?? 0),
      summaries: round.map(({ position }) => String(position)),
      settings: Object.assign({}, ...settings.all(atMs).map(({ changes }) => JSON.parse(String(changes)) as Partial<Settings>)) as Partial<Settings>,
    };
  };
}
