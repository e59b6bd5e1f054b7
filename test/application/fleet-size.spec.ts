/** Over how many agents a return is spread. */
import { expect } from 'chai';
import { createFleetSize } from '../../services/application/fleet-size.ts';
import { createManualClock } from './manual-clock.ts';

describe('the fleet that is to come back', () => {
  it('is all agents that are connected', () => {
    const size = createFleetSize(createManualClock());
    size.connected(3);
    expect(size.agents()).to.equal(3);
    size.connected(15_000);
    expect(size.agents()).to.equal(15_000);
  });

  it('is still all of them while a stopping control plane tells them one after the other, and while they come back', async () => {
    const clock = createManualClock();
    const size = createFleetSize(clock);
    size.connected(15_000);
    await clock.advance(3_600_000);
    for (let left = 14_500; left >= 0; left -= 500) {
      size.connected(left);
      await clock.advance(100);
    }
    expect(size.agents()).to.equal(15_000);
    for (let back = 0; back <= 4500; back += 225) {
      size.connected(back);
      await clock.advance(1000);
    }
    expect(size.agents()).to.equal(15_000);
  });

  it('is, after a start, those that were there before it', () => {
    const size = createFleetSize(createManualClock());
    size.expect(15_000);
    size.connected(1);
    expect(size.agents()).to.equal(15_000);
  });

  it('forgets who does not come back, in the time in which a whole fleet would have', async () => {
    const clock = createManualClock();
    const size = createFleetSize(clock);
    size.connected(15_000);
    size.connected(100);
    await clock.advance(30_000 + 40_000);
    expect(size.agents()).to.equal(6000);
    await clock.advance(40_000);
    expect(size.agents()).to.equal(100);
  });
});
