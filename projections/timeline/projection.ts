/** What happened to environments, and to the installation: one row for each event that people look for. */
import type { DatabaseSync } from 'node:sqlite';
import { schemaVersions } from '../../services/domain/event-codec.ts';
import type { DomainEvent, EventDataByType, EventType, SnapshotEvents } from '../../services/domain/events.ts';
import { summaryOf } from '../../services/domain/snapshot.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import type { EventHandlers, EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import { actorOf } from '../recorded-by.ts';
import { timelineKinds } from './kinds.ts';
import { timelineSchema, type TimelineRow } from './rows.ts';

export const timelineProjection: Projection = { name: 'timeline', version: 1, schema: timelineSchema, open };

function open(database: DatabaseSync): ProjectionWriter {
  const insert = database.prepare('INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM timeline WHERE expiring = ? AND recordedAtMs < ?');
  let rows: TimelineRow[] = [];
  /** Before which instant the events of a category are gone. */
  const expired = new Map<TimelineRow['expiring'], number>();

  function take(data: EventDataByType[EventType], { ordinal, recordedAtMs }: EventPlace, recorded: RecordedEvent): void {
    const { id, type, stream, revision, position, metadata } = recorded;
    const environmentId = 'environmentId' in data ? data.environmentId : null;
    const json = type === 'SnapshotRecorded' ? JSON.stringify(snapshotDetails(data as SnapshotEvents['SnapshotRecorded'])) : currentJson(data, recorded);
    const expiring = expiringCategory(stream);
    rows.push({ ordinal, recordedAtMs, environmentId, type, actor: actorOf(metadata), eventId: id, stream, revision, position, data: json, expiring });
  }

  function expire(category: TimelineRow['expiring'], before: string): void {
    expired.set(category, Math.max(expired.get(category) ?? 0, Date.parse(before)));
  }

  const shownTypes = Object.entries(timelineKinds).flatMap(([type, kind]) => (kind === null ? [] : [type as DomainEvent['type']]));
  const handlers: EventHandlers = {
    ...(Object.fromEntries(shownTypes.map((type) => [type, take])) as EventHandlers),
    RefusalsExpired: ({ before }) => expire('refusals', before),
    SnapshotsExpired: ({ before }) => expire('snapshots', before),
  };

  return {
    on: handlers,

    write() {
      for (const row of rows) {
        const { ordinal, recordedAtMs, environmentId, type, actor, eventId, stream, revision, position, data, expiring } = row;
        insert.run(ordinal, recordedAtMs, environmentId, type, actor, eventId, stream, revision, position, data, expiring);
      }
      for (const [category, beforeMs] of expired) remove.run(category, beforeMs);
    },

    committed() {
      rows = [];
      expired.clear();
    },
  };
}

/** The event's data in its newest shape. Of a type that has but one version it is what was recorded. */
function currentJson(data: object, { type, data: recorded }: RecordedEvent): string {
  return schemaVersions[type as EventType] === 1 ? recorded : JSON.stringify(data);
}

/** What people look at first; the whole is among the snapshots. */
function snapshotDetails({ at, environmentId, node, hostname, hash, content }: SnapshotEvents['SnapshotRecorded']): object {
  return { at, environmentId, node, hostname, hash, summary: summaryOf(content) };
}

function expiringCategory(stream: string): TimelineRow['expiring'] {
  return stream.startsWith('refusals-') ? 'refusals' : stream.startsWith('snapshots-') ? 'snapshots' : null;
}
