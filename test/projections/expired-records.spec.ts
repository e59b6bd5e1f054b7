/** Refusals and activity that have expired, as if they had never been. */
import { expect } from 'chai';
import type { DomainEvent } from '../../services/domain/events.ts';
import { openTestReadModel, type TestReadModel } from './read-model.ts';

const second = (number: number) => `2026-01-31T12:00:${String(number).padStart(2, '0')}.000Z`;
const call = (callId: string) => ({ environmentId: 'a', node: null, callId });
const started = (at: number, callId: string): DomainEvent => ({ type: 'ApiCallStarted', data: { at: second(at), ...call(callId), method: 'POST', path: '/exec/x/start' } });
const streamed = (at: number, callId: string): DomainEvent => ({ type: 'StreamOpened', data: { at: second(at), ...call(callId), kind: 'exec', path: '/exec/x/start' } });
const ended = (at: number, callId: string): DomainEvent => ({
  type: 'ApiCallProxied',
  data: { at: second(at), ...call(callId), method: 'POST', path: '/exec/x/start', status: 101, failure: null, durationMs: 1000, bytesSent: 1, bytesReceived: 2 },
});
const refused = (at: number): DomainEvent => ({ type: 'PollRejected', data: { at: second(at), environmentId: 'a', reason: 'wrong-join-secret', address: '192.0.2.7', node: null } });
const expired = (type: 'ActivityExpired' | 'RefusalsExpired', at: number, before: number): DomainEvent => ({ type, data: { at: second(at), count: 1, before: second(before), limit: 'age' } });

describe('records that have expired', () => {
  let model: TestReadModel;
  beforeEach(() => {
    model = openTestReadModel();
  });
  afterEach(() => model.close());

  const rows = (sql: string) => model.database.prepare(sql).all().map((row) => Object.values(row).join(' '));

  it('are gone from the activity: calls, the streams they became, and what was lost', () => {
    model.apply(started(1, 'old'), ended(2, 'old'), started(3, 'long'), streamed(3, 'long'), { type: 'ActivityLost', data: { at: second(3), count: 7 } }, started(8, 'new'));
    model.apply(ended(9, 'long'));
    expect(rows('SELECT callId, stream FROM activity ORDER BY ordinal')).to.deep.equal(['old ', 'new ', 'long exec']);
    model.apply(expired('ActivityExpired', 10, 5));
    expect(rows('SELECT callId, stream FROM activity ORDER BY ordinal')).to.deep.equal(['new ', 'long ']);
    expect(rows('SELECT count FROM activity_lost')).to.deep.equal([]);
  });

  it('say nothing of what was cut with the server any more either', () => {
    model.apply(started(1, 'old'), started(3, 'new'), { type: 'ActivityInterrupted', data: { at: second(6) } });
    model.apply(expired('ActivityExpired', 10, 2));
    expect(rows('SELECT callId, endedAt, failure FROM activity')).to.deep.equal([`new ${second(6)} server-restarted`]);
  });

  it('are gone from the timeline, where refusals stand', () => {
    [refused(1), refused(6)].forEach(({ type, data }, revision) => {
      const metadata = JSON.stringify({ recordedAt: data.at, schemaVersion: 1 });
      model.commit([{ id: `00000000-0000-4000-8000-00000000000${String(revision)}`, type, data: JSON.stringify(data), metadata, stream: 'refusals-cp1', revision, position: String(revision + 1), createdAtMs: 0 }]);
    });
    model.apply(expired('RefusalsExpired', 10, 5));
    expect(rows("SELECT recordedAtMs FROM timeline WHERE type = 'PollRejected'")).to.deep.equal([String(Date.parse(second(6)))]);
  });
});
