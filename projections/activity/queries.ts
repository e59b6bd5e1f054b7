/** The questions about calls through tunnels. */
import type { SQLInputValue } from 'node:sqlite';
import { newestName } from '../environments/newest-name.ts';
import { createReach, type ReachCondition } from '../environments/reach.ts';
import { nodeOf } from '../node-key.ts';
import type { ActivityQuery, CallView } from '../port.ts';
import type { Query } from '../projection.ts';
import type { CallRow } from './rows.ts';

/** `after` is the ordinal of the last call of the page before. */
export type ActivityAsked = Omit<ActivityQuery, 'cursor' | 'from' | 'to'> & { readonly fromMs?: number; readonly toMs?: number; readonly after: number | null };

export const listActivity: Query<ActivityAsked, { readonly items: readonly CallView[]; readonly next: number | null; readonly total: number | null }> = {
  name: 'list-activity',
  prepare: (database) => {
    const reach = createReach(database);
    return (asked) => {
      const { limit, after } = asked;
      const { sql, values } = conditions(asked, reach.ofRows('activity', asked.tagsInReach));
      const following = after === null ? '' : 'AND ordinal < :after';
      const rows = database
        .prepare(`SELECT *, ${newestName('activity.environmentId')} AS environmentName FROM activity WHERE ${sql} ${following} ORDER BY ordinal DESC LIMIT :limit`)
        .all({ ...values, ...(after === null ? {} : { after }), limit: limit + 1 }) as unknown as NamedRow[];
      const shown = rows.slice(0, limit);
      // Those of all environments are too many to count.
      const total = asked.environmentId === undefined ? null : Number(database.prepare(`SELECT count(*) AS total FROM activity WHERE ${sql}`).get(values)?.['total']);
      return { items: shown.map(callView), next: rows.length > limit ? (shown.at(-1)?.ordinal ?? null) : null, total };
    };
  },
};

/** Whether any call that a stream of events tells of has no end yet. */
export const hasCallsUnderWay: Query<string, boolean> = {
  name: 'has-calls-under-way',
  prepare(database) {
    const select = database.prepare('SELECT 1 FROM activity WHERE recordedIn = ? AND endedAt IS NULL LIMIT 1');
    return (recordedIn) => select.get(recordedIn) !== undefined;
  },
};

function conditions(asked: ActivityAsked, reach: ReachCondition | undefined): { readonly sql: string; readonly values: Record<string, SQLInputValue> } {
  const parts = ['true'];
  const values: Record<string, SQLInputValue> = {};
  const add = (condition: string, name: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return;
    parts.push(condition);
    values[name] = value;
  };
  add('environmentId = :environmentId', 'environmentId', asked.environmentId);
  add('actor = :actor', 'actor', asked.actor);
  add('method = :method', 'method', asked.method);
  if (asked.changes !== undefined) parts.push(`method ${asked.changes ? 'NOT IN' : 'IN'} ('GET', 'HEAD')`);
  add('instr(path, :path) > 0', 'path', asked.path);
  if (asked.result === 'under-way') parts.push('endedAt IS NULL');
  if (asked.result === 'failed') parts.push('endedAt IS NOT NULL AND (failure IS NOT NULL OR status >= 400)');
  if (asked.result === 'ok') parts.push('endedAt IS NOT NULL AND failure IS NULL AND status < 400');
  add('ordinal >= ifnull((SELECT ordinal FROM activity WHERE recordedAtMs >= :fromMs ORDER BY recordedAtMs, ordinal LIMIT 1), 9e15)', 'fromMs', asked.fromMs);
  add('ordinal < ifnull((SELECT ordinal FROM activity WHERE recordedAtMs >= :toMs ORDER BY recordedAtMs, ordinal LIMIT 1), 9e15)', 'toMs', asked.toMs);
  if (reach !== undefined) {
    parts.push(reach.sql);
    Object.assign(values, reach.values);
  }
  return { sql: parts.join(' AND '), values };
}

type NamedRow = CallRow & { readonly environmentName: string | null };

function callView(row: NamedRow): CallView {
  const { callId, environmentId, environmentName, nodeKey, actor, method, path, startedAt, endedAt, status, failure, durationMs, bytesSent, bytesReceived, stream, streamReason } = row;
  return {
    id: callId,
    environmentId,
    environmentName,
    node: nodeOf(nodeKey),
    actor,
    method,
    path,
    startedAt,
    endedAt,
    status,
    failure,
    durationMs,
    bytesSent,
    bytesReceived,
    stream: stream === null ? null : { kind: stream, endReason: streamReason },
  };
}
