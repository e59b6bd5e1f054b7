/** Where in the log an instant is, since when polls are kept, and what the settings were: what it takes to tell of the past. */
import type { DatabaseSync } from 'node:sqlite';
import { defaultPollRetentionHours } from '../../services/domain/poll-retention.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import { instantsSchema } from './rows.ts';

export const instantsProjection: Projection = { name: 'instants', version: 2, schema: instantsSchema, patientTypes: ['PollsSummarised'], open };

/** Streams whose events go in time, by other bounds than polls. */
const goesApart = /^(?:activity|refusals|snapshots)-/;
const hourMs = 3600_000;
/** A store that removes polls by itself does so later than the settings say: our own knowledge may go first. */
const graceMs = hourMs;

function open(database: DatabaseSync): ProjectionWriter {
  const insertSecond = database.prepare('INSERT OR IGNORE INTO log_seconds VALUES (?, ?)');
  const removeSeconds = database.prepare('DELETE FROM log_seconds WHERE second < ?');
  const insertSummary = database.prepare('INSERT INTO poll_summaries VALUES (?, ?, ?)');
  const insertChanges = database.prepare('INSERT INTO settings_changes VALUES (?, ?, ?)');
  const saveRetention = database.prepare('INSERT OR REPLACE INTO poll_retention VALUES (1, ?, ?)');
  const stored = database.prepare('SELECT hours, keptFromMs FROM poll_retention').get();
  let newestSecond = Number(database.prepare('SELECT ifnull(max(second), 0) AS newest FROM log_seconds').get()?.['newest']);
  /** 0 is for ever. */
  let hours = Number(stored?.['hours'] ?? defaultPollRetentionHours);
  let keptFromMs = Number(stored?.['keptFromMs'] ?? 0);
  let isRetentionChanged = false;
  let seconds: { readonly second: number; readonly position: string }[] = [];
  let summaries: { readonly place: EventPlace; readonly position: string }[] = [];
  let changes: { readonly place: EventPlace; readonly json: string }[] = [];

  function keepFrom(ms: number): void {
    if (ms <= keptFromMs) return;
    keptFromMs = ms;
    isRetentionChanged = true;
  }

  return {
    each({ stream, position }, { recordedAtMs }) {
      // What goes apart from polls leaves no trace.
      if (goesApart.test(stream)) return;
      const second = Math.floor(recordedAtMs / 1000);
      if (second <= newestSecond) return;
      // Once an hour, by the log's own time, so that it does not matter when and how often a log is read.
      const hour = Math.floor(recordedAtMs / hourMs);
      if (hours > 0 && hour > Math.floor((newestSecond * 1000) / hourMs)) keepFrom((hour - hours) * hourMs - graceMs);
      newestSecond = second;
      seconds.push({ second, position });
    },

    on: {
      PollsSummarised: (_data, place, { position }) => void summaries.push({ place, position }),
      PollsExpired: ({ before }) => keepFrom(Date.parse(before)),
      SettingsChanged({ changes: some }, place) {
        changes.push({ place, json: JSON.stringify(some) });
        if (some.pollRetentionHours === undefined) return;
        hours = some.pollRetentionHours;
        isRetentionChanged = true;
      },
    },

    write() {
      for (const { second, position } of seconds) insertSecond.run(second, position);
      for (const { place, position } of summaries) insertSummary.run(place.ordinal, place.recordedAtMs, position);
      for (const { place, json } of changes) insertChanges.run(place.ordinal, place.recordedAtMs, json);
      if (!isRetentionChanged) return;
      saveRetention.run(hours, keptFromMs);
      // Of a second in whose midst it is, the first event may have been a poll that is gone.
      removeSeconds.run(Math.ceil(keptFromMs / 1000));
    },

    committed() {
      seconds = [];
      summaries = [];
      changes = [];
      isRetentionChanged = false;
    },
  };
}
