/** The tables by which an instant is found in the log. */

/**
 * log_seconds: where each second of the log begins, as far back as polls are kept; a second without events has none.
 * poll_summaries: where each PollsSummarised stands.
 * poll_retention: since when polls are kept, in milliseconds since 1970.
 * settings_changes: what SettingsChanged brought, as JSON.
 */
export const instantsSchema = `
  CREATE TABLE log_seconds (second INTEGER PRIMARY KEY, position TEXT NOT NULL) STRICT;
  CREATE TABLE poll_summaries (ordinal INTEGER PRIMARY KEY, recordedAtMs INTEGER NOT NULL, position TEXT NOT NULL) STRICT;
  CREATE INDEX poll_summaries_by_age ON poll_summaries (recordedAtMs);
  CREATE TABLE poll_retention (id INTEGER PRIMARY KEY CHECK (id = 1), hours INTEGER NOT NULL, keptFromMs INTEGER NOT NULL) STRICT;
  CREATE TABLE settings_changes (ordinal INTEGER PRIMARY KEY, recordedAtMs INTEGER NOT NULL, changes TEXT NOT NULL) STRICT;
`;
