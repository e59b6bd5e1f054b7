/** How soon the web UI opens again what breaks off. */
import { expect } from 'chai';
import { createAttempts, LASTED_MS } from '../../web-gateway/ui/src/api/attempts.ts';

describe('a connection of the web UI that breaks off', () => {
  let nowMs = 0;
  beforeEach(() => (nowMs = 0));
  const attempts = () => createAttempts({ firstPauseMs: 300, longestPauseMs: 5_000, now: () => nowMs });
  const is = (pauseMs: number, named: number): void => void expect(pauseMs).to.be.within(named / 2, named);

  it('is opened again soon, and then later each time', () => {
    const { nextPauseMs } = attempts();
    for (const named of [300, 600, 1200, 2400, 4800, 5000, 5000]) is(nextPauseMs(), named);
  });

  it('is not opened many times a second where the other end says ready and ends at once', () => {
    const { works, nextPauseMs } = attempts();
    for (let openings = 0; nowMs < 60_000; openings += 1) {
      expect(openings).to.be.lessThan(25);
      works();
      nowMs += 1 + nextPauseMs();
    }
  });

  it('is opened again soon once one has lasted, however often it says that it works', () => {
    const { works, nextPauseMs } = attempts();
    for (let count = 0; count < 6; count += 1) nextPauseMs();
    works();
    nowMs += LASTED_MS - 1;
    works();
    is(nextPauseMs(), 5000);
    works();
    nowMs += LASTED_MS / 2;
    works();
    nowMs += LASTED_MS / 2;
    is(nextPauseMs(), 300);
  });
});
