/** What the time machine's slider spans, and where its keys lead. */
import { expect } from 'chai';
import { SPANS, holds, stepByKey, windowAround } from '../../web-gateway/ui/src/past/time-window.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.parse('2026-06-15T12:00:00.000Z');
const firstMs = nowMs - 100 * DAY_MS;

describe('the time machine’s slider', () => {
  it('spans the time before now while the instant is in it, and what is around it further back', () => {
    expect(windowAround(nowMs - DAY_MS / 2, '1 day', firstMs, nowMs)).to.deep.equal({ fromMs: nowMs - DAY_MS, toMs: nowMs });
    const atMs = nowMs - 40 * DAY_MS;
    expect(windowAround(atMs, '1 day', firstMs, nowMs)).to.deep.equal({ fromMs: atMs - DAY_MS / 2, toMs: atMs + DAY_MS / 2 });
    expect(windowAround(atMs, 'All', firstMs, nowMs)).to.deep.equal({ fromMs: firstMs, toMs: nowMs });
  });

  it('always spans the instant and a minute at least, wherever it is, and never what is to come', () => {
    for (const { label } of SPANS) {
      for (const beginsMs of [firstMs, nowMs - 1, nowMs]) {
        for (const atMs of [beginsMs - 7 * DAY_MS, beginsMs, (beginsMs + nowMs) / 2, nowMs - 1, nowMs]) {
          const window = windowAround(atMs, label, beginsMs, nowMs);
          expect(holds(window, atMs), `${label} at ${new Date(atMs).toISOString()}`).to.equal(true);
          expect(window.toMs - window.fromMs).to.be.at.least(60_000);
          expect(window.toMs).to.be.at.most(nowMs);
        }
      }
    }
  });

  it('is moved by keys: a minute, a second, an hour, a day, and to its ends', () => {
    const step = (key: string, shiftKey = false): number | undefined => stepByKey({ key, shiftKey }, 0);
    expect([step('ArrowLeft'), step('ArrowUp'), step('ArrowRight', true), step('PageDown'), step('PageUp', true), step('Home'), step('End')]).to.deep.equal([-60_000, 60_000, 1000, -3_600_000, DAY_MS, -Infinity, Infinity]);
    expect(step('Tab')).to.equal(undefined);
  });
});
