/** Calls that were under way when their control plane was killed. */
import { expect } from 'chai';
import type { DomainEvent } from '../../services/domain/events.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { openTestReadModel } from './read-model.ts';

const second = (number: number) => `2026-01-31T12:00:${String(number).padStart(2, '0')}.000Z`;
const call = (callId: string) => ({ environmentId: 'a', node: null, callId, path: '/exec/x/start' });

/** Of node cp1: one call that ended, one that became a stream and one that did neither; of node cp2 one that goes on. Then cp1 begins anew, and is called again. */
const told: readonly (readonly [stream: string, event: DomainEvent])[] = [
  ['activity-cp1_0', { type: 'ApiCallStarted', data: { at: second(1), ...call('ended'), method: 'POST' } }],
  ['activity-cp1_0', { type: 'ApiCallStarted', data: { at: second(2), ...call('exec'), method: 'POST' } }],
  ['activity-cp1_0', { type: 'StreamOpened', data: { at: second(2), ...call('exec'), kind: 'exec' } }],
  ['activity-cp2_0', { type: 'ApiCallStarted', data: { at: second(3), ...call('elsewhere'), method: 'POST' } }],
  ['activity-cp1_0', { type: 'ApiCallProxied', data: { at: second(4), ...call('ended'), method: 'POST', status: 200, failure: null, durationMs: 3000, bytesSent: 0, bytesReceived: 0 } }],
  ['activity-cp1_0', { type: 'ApiCallStarted', data: { at: second(5), ...call('plain'), method: 'DELETE' } }],
  ['activity-cp1_0', { type: 'ActivityInterrupted', data: { at: second(9) } }],
  ['activity-cp1_0', { type: 'ApiCallStarted', data: { at: second(10), ...call('after'), method: 'POST' } }],
];

function recorded([stream, { type, data }]: (typeof told)[number], index: number): RecordedEvent {
  const metadata = JSON.stringify({ actor: 'user:ann', recordedAt: data.at, schemaVersion: 1 });
  return { id: `00000000-0000-4000-8000-00000000000${String(index)}`, type, data: JSON.stringify(data), metadata, stream, revision: index, position: String(index + 1), createdAtMs: 0 };
}

describe('calls that were under way when their control plane was killed', () => {
  for (const batch of [told.length, 1, 3]) {
    it(`end when its node begins anew, and those of no other: ${String(batch)} events at a time`, () => {
      const model = openTestReadModel();
      try {
        const all = told.map(recorded);
        for (let from = 0; from < all.length; from += batch) model.commit(all.slice(from, from + batch));
        const rows = model.database.prepare('SELECT callId, actor, endedAt, status, failure, durationMs, stream FROM activity ORDER BY ordinal').all();
        expect(rows.map((row) => Object.values(row))).to.deep.equal([
          ['exec', 'user:ann', second(9), null, 'server-restarted', null, 'exec'],
          ['elsewhere', 'user:ann', null, null, null, null, null],
          ['ended', 'user:ann', second(4), 200, null, 3000, null],
          ['plain', 'user:ann', second(9), null, 'server-restarted', null, null],
          ['after', 'user:ann', null, null, null, null, null],
        ]);
      } finally {
        model.close();
      }
    });
  }
});
