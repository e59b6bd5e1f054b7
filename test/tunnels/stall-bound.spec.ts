/** Who is cut off when channels that nobody reads hold too much. */
import { expect } from 'chai';
import { pino } from 'pino';
import { BEHIND_AFTER_MS, createStallBound, STALL_CHECK_MS, STALLED_AFTER_MS } from '../../services/tunnels/stall-bound.ts';
import { createManualClock } from './support/manual-clock.ts';

const MIB = 1024 * 1024;

describe('the bound of what channels hold', () => {
  const clock = createManualClock();
  const bound = createStallBound({ clock, limitBytes: () => 10 * MIB, logger: pino({ level: 'silent' }) });
  let reset: string[] = [];

  function channel(name: string, held: { heldSinceMs?: number; behindSinceMs?: number; heldBytes?: number } = {}) {
    const one = {
      heldSinceMs: clock.now() as number | undefined,
      behindSinceMs: clock.now() as number | undefined,
      heldBytes: 4 * MIB,
      ...held,
      destroy() {
        reset.push(name);
        bound.remove(one);
      },
    };
    bound.add(one);
    bound.watch();
    return one;
  }

  beforeEach(() => (reset = []));
  after(() => bound.close());

  it('resets those that stalled longest, as many as it takes, and says nothing to those that only wait their turn', () => {
    const first = channel('first');
    clock.advance(STALL_CHECK_MS / 2);
    const second = channel('second');
    expect(reset).to.deep.equal([]);
    clock.advance(STALLED_AFTER_MS + STALL_CHECK_MS);
    expect(reset).to.deep.equal(['first']);
    const quick = channel('quick');
    clock.advance(STALL_CHECK_MS);
    expect(reset).to.deep.equal(['first', 'second']);
    for (const one of [first, second, quick]) bound.remove(one);
  });

  it('resets who takes a little now and then too, the one that has been behind longest first', () => {
    const trickling = ['older', 'newer'].map((name) => {
      const one = channel(name);
      clock.advance(1);
      return one;
    });
    for (let ms = 0; ms < BEHIND_AFTER_MS + STALL_CHECK_MS; ms += STALL_CHECK_MS) {
      for (const one of trickling) one.heldSinceMs = clock.now();
      clock.advance(STALL_CHECK_MS);
    }
    expect(reset).to.deep.equal(['older']);
    for (const one of trickling) bound.remove(one);
  });

  it('resets nobody while all fits', () => {
    const small = Array.from({ length: 3 }, (_, index) => channel(`small ${index}`, { heldBytes: MIB }));
    clock.advance(2 * BEHIND_AFTER_MS);
    expect(reset).to.deep.equal([]);
    for (const one of small) bound.remove(one);
  });
});
