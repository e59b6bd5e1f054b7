/** The questions about what happened. */
import type { SQLInputValue } from 'node:sqlite';
import { newestName } from '../environments/newest-name.ts';
import { createReach, type ReachCondition } from '../environments/reach.ts';
import type { TimelineEntry, TimelineQuery } from '../port.ts';
import type { Query } from '../projection.ts';
import { createOrdinalSearch } from '../ordinal-search.ts';
import { timelineKinds, typesOf } from './kinds.ts';
import type { TimelineRow } from './rows.ts';

/** `after` is the ordinal of the last entry of the page before. */
export type TimelineAsked = Omit<TimelineQuery, 'cursor' | 'from' | 'to'> & { readonly fromMs?: number; readonly toMs?: number; readonly after: number | null };

export const listTimeline: Query<TimelineAsked, { readonly items: readonly TimelineEntry[]; readonly next: number | null; readonly total: number | null }> = {
  name: 'list-timeline',
  prepare: (database) => {
    const ordinalAt = createOrdinalSearch(database, 'timeline');
    const reach = createReach(database);
    return (asked) => {
      const { limit, after, order } = asked;
      const { sql, values } = conditions(asked, ordinalAt, reach.ofRows('timeline', asked.tagsInReach));
      const isDescending = order === 'desc';
      const following = after === null ? '' : `AND ordinal ${isDescending ? '<' : '>'} :after`;
      const rows = database
        .prepare(`SELECT *, ${newestName('timeline.environmentId')} AS environmentName FROM timeline WHERE ${sql} ${following} ORDER BY ordinal ${isDescending ? 'DESC' : 'ASC'} LIMIT :limit`)
        .all({ ...values, ...(after === null ? {} : { after }), limit: limit + 1 }) as unknown as NamedRow[];
      const shown = rows.slice(0, limit);
      // Those of all environments are too many to count.
      const total = asked.environmentId === undefined ? null : Number(database.prepare(`SELECT count(*) AS total FROM timeline WHERE ${sql}`).get(values)?.['total']);
      return { items: shown.map(entryOf), next: rows.length > limit ? (shown.at(-1)?.ordinal ?? null) : null, total };
    };
  },
};

function conditions(
  { environmentId, kind, actor, fromMs, toMs }: TimelineAsked,
  ordinalAt: (instantMs: number) => number,
  reach: ReachCondition | undefined,
): { readonly sql: string; readonly values: Record<string, SQLInputValue> } {
  const parts = ['true'];
  const values: Record<string, SQLInputValue> = {};
  const add = (condition: string, name: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return;
    parts.push(condition);
    values[name] = value;
  };
  add('environmentId = :environmentId', 'environmentId', environmentId);
  add('type IN (SELECT value FROM json_each(:types))', 'types', kind && JSON.stringify(typesOf(kind)));
  add('actor = :actor', 'actor', actor);
  add('ordinal >= :from', 'from', fromMs === undefined ? undefined : ordinalAt(fromMs));
  add('ordinal < :to', 'to', toMs === undefined ? undefined : ordinalAt(toMs));
  if (reach !== undefined) {
    parts.push(reach.sql);
    Object.assign(values, reach.values);
  }
  return { sql: parts.join(' AND '), values };
}

/** Hashes of secrets say nothing to anyone. */
const left = new Set(['at', 'environmentId', 'passwordHash', 'keyHash', 'secretHash']);

type NamedRow = TimelineRow & { readonly environmentName: string | null };

function entryOf({ recordedAtMs, environmentId, environmentName, type, actor, eventId, stream, revision, position, data }: NamedRow): TimelineEntry {
  const { at, ...rest } = JSON.parse(data) as Record<string, unknown> & { readonly at: string };
  const details = Object.fromEntries(Object.entries(rest).filter(([name]) => !left.has(name)));
  const kind = timelineKinds[type as keyof typeof timelineKinds] ?? 'settings';
  return { id: eventId, kind, type, environmentId, environmentName, actor, time: at, recordedAt: new Date(recordedAtMs).toISOString(), stream, revision, position, details };
}
