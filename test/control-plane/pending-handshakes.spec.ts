/** Who keeps a place when more connections wait than there are places. */
import { Socket } from 'node:net';
import { expect } from 'chai';
import { createPendingHandshakes, type PendingHandshakes } from '../../services/control-plane/pending-handshakes.ts';
import { createManualClock, type ManualClock } from '../tunnels/support/manual-clock.ts';

describe('pending connections', () => {
  let clock: ManualClock;
  beforeEach(() => (clock = createManualClock()));

  function admit(pending: PendingHandshakes, address: string): Socket {
    const socket = new Socket();
    pending.admit(socket, address);
    return socket;
  }
  const gone = (...sockets: readonly Socket[]): boolean[] => sockets.map(({ destroyed }) => destroyed);

  it('let nobody in while those inside are still getting their fair share', () => {
    const pending = createPendingHandshakes({ max: 2, clock });
    const [first, second, third] = [new Socket(), new Socket(), new Socket()];
    expect([first, second, third].map((socket) => pending.admit(socket, '192.0.2.1'))).to.deep.equal([true, true, false]);
    expect(gone(first, second, third)).to.deep.equal([false, false, true]);
  });

  it('give the place of one that dawdles to the next that comes', () => {
    const pending = createPendingHandshakes({ max: 2, clock });
    const [dawdler, second] = [admit(pending, '192.0.2.1'), admit(pending, '192.0.2.1')];
    clock.advance(2000);
    const third = admit(pending, '192.0.2.1');
    expect(gone(dawdler, second, third)).to.deep.equal([true, false, false]);
    pending.done(second);
    expect(pending.size).to.equal(1);
    pending.destroyAll();
    expect(gone(second, third)).to.deep.equal([false, true]);
  });

  it('take the place from the address that has most, its oldest once that had its share, else its newest', () => {
    const pending = createPendingHandshakes({ max: 4, clock });
    const few = admit(pending, '192.0.2.7');
    const many = ['192.0.2.1', '192.0.2.1', '192.0.2.1'].map((address) => admit(pending, address));
    clock.advance(1999);
    const other = admit(pending, '192.0.2.8');
    expect(gone(few, other, ...many)).to.deep.equal([false, false, false, false, true]);
    clock.advance(1);
    // The crowd that comes again gets no more than its neighbours leave.
    const again = Array.from({ length: 5 }, () => admit(pending, '192.0.2.1'));
    expect(gone(few, other, ...many)).to.deep.equal([false, false, true, true, true]);
    expect(gone(...again)).to.deep.equal([false, false, true, true, true]);
  });

  it('serve those who came first where each comes from elsewhere', () => {
    const pending = createPendingHandshakes({ max: 2, clock });
    const [first, second, third] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => admit(pending, address));
    if (first === undefined || second === undefined || third === undefined) throw new Error('nobody');
    expect(gone(first, second, third)).to.deep.equal([false, false, true]);
    clock.advance(2000);
    expect(gone(admit(pending, '192.0.2.4'), first, second)).to.deep.equal([false, true, false]);
  });

  it('count all of an IPv6 network as one, and a proxy’s clients each as themselves once they are named', () => {
    const pending = createPendingHandshakes({ max: 3, clock });
    const [a, b] = [admit(pending, '2001:db8::1'), admit(pending, '2001:db8::2')];
    const client = admit(pending, '10.0.0.1');
    pending.isOf(client, '192.0.2.1');
    expect(gone(admit(pending, '2001:db8::3'), a, b, client)).to.deep.equal([true, false, false, false]);
    expect(gone(admit(pending, '10.0.0.1'), a, b, client)).to.deep.equal([false, false, true, false]);
  });

  it('end at their deadline, and not once they are done', () => {
    const pending = createPendingHandshakes({ max: 3, deadlineMs: 10_000, clock });
    const [late, done, sooner] = [admit(pending, '192.0.2.1'), admit(pending, '192.0.2.1'), new Socket()];
    pending.admit(sooner, '192.0.2.1', 5000);
    pending.done(done);
    clock.advance(5000);
    expect(gone(late, done, sooner)).to.deep.equal([false, false, true]);
    clock.advance(5000);
    expect(gone(late, done)).to.deep.equal([true, false]);
    expect([pending.size, clock.pending]).to.deep.equal([0, 0]);
  });
});
