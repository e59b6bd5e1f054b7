import { expect } from 'chai';
import { createRecordedClock } from '../../projections/recorded-at.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';

function event(changes: Partial<RecordedEvent>): RecordedEvent {
  return { id: 'i', stream: 'settings', type: 'SettingsChanged', data: '{}', metadata: '{}', revision: 0, position: '1', createdAtMs: 0, ...changes };
}

const recordedAt = (second: number) => event({ metadata: JSON.stringify({ actor: 'x', recordedAt: new Date(second * 1000).toISOString() }) });

describe('the time at which events were recorded', () => {
  it('never goes back, though several nodes write by clocks of their own', () => {
    const clock = createRecordedClock(0);
    expect([5, 9, 7, 9, 12].map((second) => clock(recordedAt(second)))).to.deep.equal([5000, 9000, 9000, 9000, 12_000]);
  });

  it('goes on from where it stood', () => {
    expect(createRecordedClock(8000)(recordedAt(5))).to.equal(8000);
  });

  it('is the store’s own where the writer gave none that can be read', () => {
    const clock = createRecordedClock(0);
    expect(clock(event({ createdAtMs: 3000 }))).to.equal(3000);
    expect(clock(event({ createdAtMs: 4000, metadata: '{"recordedAt":"yesterday"}' }))).to.equal(4000);
    expect(clock(event({ createdAtMs: 4500, metadata: '{"actor":"\\"recordedAt\\":\\"2999-01-01T00:00:00.000Z"}' }))).to.equal(4500);
  });

  it('is not set by what other programs write into the store', () => {
    const clock = createRecordedClock(1000);
    expect(clock({ ...recordedAt(4_000_000_000), type: 'RainFell' })).to.equal(1000);
  });
});
