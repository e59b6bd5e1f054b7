/** Who called what, when, and with what result: one row for each call through a tunnel. */
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../../services/domain/events.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { nodeKeyOf } from '../node-key.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import { actorOf } from '../recorded-by.ts';
import { activitySchema, type CallRow } from './rows.ts';

export const activityProjection: Projection = {
  name: 'activity',
  version: 2,
  schema: activitySchema,
  patientTypes: ['ApiCallStarted', 'ApiCallProxied', 'StreamOpened', 'StreamClosed', 'ActivityLost'],
  open,
};

/** What every event of a call says. */
interface CallData {
  readonly at: Instant;
  readonly environmentId: string;
  readonly node: string | null;
  readonly callId: string;
}

function open(database: DatabaseSync): ProjectionWriter {
  const find = database.prepare('SELECT * FROM activity WHERE callId = ? AND endedAt IS NULL');
  const findCut = database.prepare('SELECT * FROM activity WHERE recordedIn = ? AND endedAt IS NULL');
  const remove = database.prepare('DELETE FROM activity WHERE ordinal = ?');
  const insert = database.prepare('INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const insertLost = database.prepare('INSERT INTO activity_lost VALUES (?, ?, ?, ?)');
  const removeCalls = database.prepare('DELETE FROM activity WHERE recordedAtMs < ?');
  const removeStreams = database.prepare('UPDATE activity SET stream = NULL, streamReason = NULL, streamRecordedAtMs = NULL WHERE streamRecordedAtMs < ?');
  const removeLost = database.prepare('DELETE FROM activity_lost WHERE recordedAtMs < ?');
  /** Calls of this batch as they stand, by id; `stored` is where the table has them. */
  const calls = new Map<string, { readonly stored: number | undefined; row: CallRow }>();
  let ended: { readonly stored: number | undefined; readonly row: CallRow }[] = [];
  let lost: { readonly place: EventPlace; readonly at: Instant; readonly count: number }[] = [];
  /** What was recorded before is gone. */
  let expireBeforeMs: number | undefined;

  function underWay(callId: string): { readonly stored: number | undefined; readonly row: CallRow } | undefined {
    const known = calls.get(callId);
    if (known !== undefined) return known;
    const row = find.get(callId) as CallRow | undefined;
    return row && remaining({ stored: row.ordinal, row });
  }

  /** What is left of a call after the expiry of this batch, as if the events that are gone had never been. */
  function remaining(told: { readonly stored: number | undefined; readonly row: CallRow }): typeof told | undefined {
    const { stored, row } = told;
    if (expireBeforeMs === undefined) return told;
    if (row.recordedAtMs < expireBeforeMs) return undefined;
    if ((row.streamRecordedAtMs ?? Infinity) >= expireBeforeMs) return told;
    return { stored, row: { ...row, stream: null, streamReason: null, streamRecordedAtMs: null } };
  }

  /** An event that says all of a call: its row stands at this place from now on. */
  function tell(data: CallData, place: EventPlace, { metadata, stream: recordedIn }: RecordedEvent, says: Partial<CallRow> & Pick<CallRow, 'path'>): void {
    const before = underWay(data.callId);
    const { environmentId, callId, at } = data;
    const row: CallRow = {
      environmentId,
      callId,
      nodeKey: nodeKeyOf(data.node),
      actor: actorOf(metadata),
      method: null,
      startedAt: at,
      endedAt: null,
      status: null,
      failure: null,
      durationMs: null,
      bytesSent: null,
      bytesReceived: null,
      stream: null,
      streamReason: null,
      streamRecordedAtMs: null,
      ...before?.row,
      ...says,
      ordinal: place.ordinal,
      recordedAtMs: place.recordedAtMs,
      recordedIn,
    };
    const told = { stored: before?.stored, row };
    if (row.endedAt === null) {
      calls.set(callId, told);
      return;
    }
    calls.delete(callId);
    ended.push(told);
  }

  /** What is under way by what one stream says ends, and nothing more is known of it. Its row stays where it is. */
  function cut(recordedIn: string, endedAt: Instant): void {
    for (const row of findCut.all(recordedIn) as unknown as CallRow[]) {
      const told = calls.has(row.callId) || ended.some(({ stored }) => stored === row.ordinal) ? undefined : remaining({ stored: row.ordinal, row });
      if (told !== undefined) calls.set(row.callId, told);
    }
    for (const [callId, { stored, row }] of calls) {
      if (row.recordedIn !== recordedIn) continue;
      calls.delete(callId);
      ended.push({ stored, row: { ...row, endedAt, failure: 'server-restarted' } });
    }
  }

  return {
    on: {
      ApiCallStarted: (data, place, recorded) => tell(data, place, recorded, { method: data.method, path: data.path, startedAt: data.at }),
      StreamOpened: (data, place, recorded) => tell(data, place, recorded, { path: data.path, stream: data.kind, streamRecordedAtMs: place.recordedAtMs }),
      StreamClosed({ callId, reason }) {
        const before = underWay(callId);
        if (before !== undefined) calls.set(callId, { stored: before.stored, row: { ...before.row, streamReason: reason } });
      },
      ApiCallProxied(data, place, recorded) {
        const { method, path, status, failure, durationMs, bytesSent, bytesReceived } = data;
        // As if nothing but this event were known: reads have no other.
        const startedAt = new Date(Date.parse(data.at) - durationMs).toISOString();
        tell(data, place, recorded, { method, path, startedAt, endedAt: data.at, status, failure, durationMs, bytesSent, bytesReceived });
      },
      ActivityLost: ({ at, count }, place) => void lost.push({ place, at, count }),
      ActivityInterrupted: ({ at }, _place, { stream: recordedIn }) => cut(recordedIn, at),
      ActivityExpired({ before }) {
        expireBeforeMs = Math.max(expireBeforeMs ?? 0, Date.parse(before));
        for (const [callId, told] of calls) {
          const left = remaining(told);
          if (left === undefined) calls.delete(callId);
          else calls.set(callId, left);
        }
      },
    },

    write() {
      for (const { stored, row } of [...ended, ...calls.values()]) {
        if (stored !== undefined) remove.run(stored);
        insert.run(
          row.ordinal,
          row.recordedAtMs,
          row.callId,
          row.environmentId,
          row.nodeKey,
          row.actor,
          row.method,
          row.path,
          row.startedAt,
          row.endedAt,
          row.status,
          row.failure,
          row.durationMs,
          row.bytesSent,
          row.bytesReceived,
          row.stream,
          row.streamReason,
          row.streamRecordedAtMs,
          row.recordedIn,
        );
      }
      for (const { place, at, count } of lost) insertLost.run(place.ordinal, place.recordedAtMs, at, count);
      if (expireBeforeMs === undefined) return;
      removeCalls.run(expireBeforeMs);
      removeStreams.run(expireBeforeMs);
      removeLost.run(expireBeforeMs);
    },

    committed() {
      calls.clear();
      ended = [];
      lost = [];
      expireBeforeMs = undefined;
    },
  };
}
