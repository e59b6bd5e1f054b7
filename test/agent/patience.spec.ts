/** How the agent waits, and how often it speaks. */
import { expect } from 'chai';
import { createBackoff } from '../../agent/backoff.ts';
import { parseDurationMs } from '../../agent/duration.ts';
import { createNotices } from '../../agent/notices.ts';
import { captureLog } from './support/captured-log.ts';

describe('backoff', () => {
  it('doubles up to its cap, or to the spread the control plane asks for, and starts over after success', () => {
    const longest = createBackoff({ firstMs: 100, capMs: 400 }, () => 1);
    expect([1, 2, 3, 4, 5].map(() => longest.next())).to.deep.equal([100, 200, 400, 400, 400]);
    expect([1, 2, 3].map(() => longest.next(1000))).to.deep.equal([400, 800, 1000]);
    longest.reset();
    expect(longest.next()).to.equal(100);
  });

  it('never hammers, however the dice fall', () => {
    const shortest = createBackoff({ firstMs: 100, capMs: 400 }, () => 0);
    expect([1, 2, 3].map(() => shortest.next())).to.deep.equal([50, 50, 50]);
  });
});

describe('notices', () => {
  it('say a trouble once, again when it changes, once an hour while it lasts, and when it is over', () => {
    let nowMs = 0;
    const log = captureLog();
    const notices = createNotices(log.logger, () => nowMs);
    const said = (): unknown[] => log.lines.all.map(({ msg, ...line }) => [msg, 'repeats' in line ? line.repeats : undefined]);
    notices.fine('connection', 'well');
    for (let times = 0; times < 3; times += 1) notices.trouble('connection', 'refused', 'nobody there');
    expect(said()).to.deep.equal([['nobody there', undefined]]);
    nowMs = 3_600_000;
    notices.trouble('connection', 'refused', 'nobody there');
    notices.trouble('connection', 'timeout', 'no answer');
    notices.trouble('engine', 'missing', 'no engine');
    notices.fine('connection', 'well again');
    notices.fine('connection', 'well again');
    expect(said().slice(1)).to.deep.equal([
      ['nobody there', 2],
      ['no answer', undefined],
      ['no engine', undefined],
      ['well again', undefined],
    ]);
  });
});

describe('durations', () => {
  it('are whole numbers with a unit', () => {
    expect(['500ms', '30s', '5m', '1h', '30d', ' 2s '].map(parseDurationMs)).to.deep.equal([500, 30_000, 300_000, 3_600_000, 2_592_000_000, 2000]);
    for (const text of ['', '5', 's', '-1s', '1.5s', '1w', '1 s']) expect(parseDurationMs(text), text).to.equal(undefined);
  });
});
