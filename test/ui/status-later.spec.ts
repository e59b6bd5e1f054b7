/** What an engine said of a container grows older as the container does, in Docker's own words. */
import { expect } from 'chai';
import { statusLater } from '../../web-gateway/ui/src/environment/engine/status-later.ts';

describe('what an engine said of a container a while ago', () => {
  for (const [said, passedSeconds, now] of [
    ['Up 59 seconds', 0, 'Up 59 seconds'],
    ['Up Less than a second', 5, 'Up 5 seconds'],
    ['Up 59 seconds', 2, 'Up About a minute'],
    ['Up About a minute (healthy)', 75, 'Up 2 minutes (healthy)'],
    ['Up 59 minutes', 60, 'Up About an hour'],
    ['Up About an hour', 3600, 'Up 2 hours'],
    ['Exited (3) 30 seconds ago', 3600, 'Exited (3) About an hour ago'],
    ['Exited (137) 6 days ago', 60, 'Exited (137) 6 days ago'],
    ['Up 2 weeks', 600, 'Up 2 weeks'],
    ['Up 4 months (Paused)', 600, 'Up 4 months (Paused)'],
    ['Created', 600, 'Created'],
    ['Restarting (1) 1 second ago', 30, 'Restarting (1) 31 seconds ago'],
  ] as const) {
    it(`is, of "${said}", after ${passedSeconds} s "${now}"`, () => {
      expect(statusLater(said, passedSeconds)).to.equal(now);
    });
  }
});
