import { expect } from 'chai';
import type { TunnelCertificateEvent } from '../../services/domain/events.ts';
import { type TunnelCertificateCommand, tunnelCertificateDecider } from '../../services/domain/tunnel-certificate.ts';
import { given } from './given-when-then.ts';

const at = '2026-01-31T12:00:00.000Z';
const later = '2026-02-01T12:00:00.000Z';

describe('domain: tunnel certificate', () => {
  const from = (...events: TunnelCertificateEvent[]) => given(tunnelCertificateDecider, ...events);
  const rotation = (formerFingerprint: string, fingerprint: string, formerAcceptedUntil: string | null = later) => ({ at, fingerprint, formerFingerprint, formerAcceptedUntil, succession: `${formerFingerprint}>${fingerprint}` });
  const rotate = (...parts: Parameters<typeof rotation>): TunnelCertificateCommand => ({ type: 'rotate', ...rotation(...parts) });
  const rotated = (...parts: Parameters<typeof rotation>): TunnelCertificateEvent => ({ type: 'TunnelCertificateRotated', data: rotation(...parts) });
  const retired = (fingerprint: string, reason: 'time-over' | 'ended-by-admin', when = at): TunnelCertificateEvent => ({ type: 'TunnelCertificateRetired', data: { at: when, fingerprint, reason } });

  it('is rotated from the one in use, whichever it was at first, and from no other', () => {
    from().when(rotate('A', 'B')).then(rotated('A', 'B'));
    from(rotated('A', 'B')).when(rotate('B', 'C')).then(rotated('B', 'C'));
    from(rotated('A', 'B')).when(rotate('A', 'C')).thenRefused('tunnel-certificate-replaced');
  });

  it('keeps former ones accepted, and how each led to the next', () => {
    const state = from(rotated('A', 'B'), rotated('B', 'C')).state();
    expect(state.fingerprint).to.equal('C');
    expect(state.formers).to.deep.equal([{ fingerprint: 'A', acceptedUntil: later }, { fingerprint: 'B', acceptedUntil: later }]);
    expect(state.successions.map(({ succession }) => succession)).to.deep.equal(['A>B', 'B>C']);
  });

  it('accepts no former one any more once a key has leaked, but still says how each led to the next', () => {
    const state = from(rotated('A', 'B'), rotated('B', 'C', null)).state();
    expect(state.formers).to.deep.equal([]);
    expect(state.successions).to.have.length(2);
  });

  it('ends former ones when their time is over, and all of them when an admin says so', () => {
    const both = from(rotated('A', 'B', '2026-01-31T18:00:00.000Z'), rotated('B', 'C', later));
    both.when({ type: 'retire-due', at }).thenNothing();
    both.when({ type: 'retire-due', at: '2026-01-31T18:00:00.000Z' }).then(retired('A', 'time-over', '2026-01-31T18:00:00.000Z'));
    both.when({ type: 'retire-formers', at }).then(retired('A', 'ended-by-admin'), retired('B', 'ended-by-admin'));
    expect(from(rotated('A', 'B'), retired('A', 'time-over')).state().formers).to.deep.equal([]);
  });

  it('has a version that grows with every change, also where a clock was set back', () => {
    const versions = [[], [rotated('A', 'B')], [rotated('A', 'B'), retired('A', 'ended-by-admin')], [rotated('A', 'B'), retired('A', 'ended-by-admin', '2020-01-01T00:00:00.000Z'), rotated('B', 'C')]].map((events) => from(...events).state().version);
    expect(versions).to.deep.equal([0, Date.parse(at), Date.parse(at) + 1, Date.parse(at) + 2]);
  });

  it('keeps at most eight accepted, the one in use among them', () => {
    const many = Array.from({ length: 12 }, (_, index) => rotated(String(index), String(index + 1)));
    expect(from(...many).state().formers.map(({ fingerprint }) => fingerprint)).to.deep.equal(['5', '6', '7', '8', '9', '10', '11']);
  });
});
