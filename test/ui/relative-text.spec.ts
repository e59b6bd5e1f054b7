/** Instants in words: from now, and from where the time machine stands. */
import { expect } from 'chai';
import { relativeText, relativeToText } from '../../web-gateway/ui/src/time/relative-text.ts';

describe('an instant in words', () => {
  const fromMs = Date.parse('2026-06-15T12:00:00.000Z');
  const beforeMs = { none: 400, seconds: 3_000, minutes: 125_000, hours: 3_600_000 };

  it('is so long ago, or to come', () => {
    expect(Object.values(beforeMs).map((ms) => relativeText(fromMs - ms, fromMs))).to.deep.equal(['just now', '3 s ago', '2 min ago', '1 h ago']);
    expect(relativeText(fromMs + 80_000, fromMs)).to.equal('in 1 min');
    // An API key, a minute after it was made for 90 days; and one for a day.
    expect(relativeText(fromMs + 90 * 86_400_000 - 60_000, fromMs)).to.equal('in 90 d');
    expect(relativeText(fromMs + 86_400_000 - 60_000, fromMs)).to.equal('in 1 d');
  });

  it('was so much before or after a past instant, however long ago that is', () => {
    expect(Object.values(beforeMs).map((ms) => relativeToText(fromMs - ms, fromMs))).to.deep.equal(['just then', '3 s before', '2 min before', '1 h before']);
    expect(relativeToText(fromMs + 90_000, fromMs)).to.equal('1 min after');
  });
});
