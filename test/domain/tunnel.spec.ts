import { expect } from 'chai';
import type { TunnelEvent } from '../../services/domain/events.ts';
import { environmentTunnel, tunnelStream } from '../../services/domain/tunnel-key.ts';
import { type TunnelCommand, tunnelDecider } from '../../services/domain/tunnel.ts';
import { given } from './given-when-then.ts';

const at = '2026-01-31T12:00:00.000Z';
const inTime = '2026-01-31T12:00:09.999Z';
const expiresAt = '2026-01-31T12:00:10.000Z';
const key = environmentTunnel('factory1');

const grant = (credentialsId: string) => ({ credentialsId, secretHash: `hash of ${credentialsId}`, agentInstanceId: 'i1', agentNode: 'press', expiresAt });
const required: TunnelEvent = { type: 'TunnelRequired', data: { at, ...key } };
const issued = (id: string): TunnelEvent => ({ type: 'TunnelCredentialsIssued', data: { at, ...key, ...grant(id) } });
const opened = (credentialsId: string): TunnelEvent => ({
  type: 'TunnelOpened',
  data: { at, ...key, credentialsId, agentInstanceId: 'i1', agentNode: 'press', address: '192.0.2.7', controlPlaneNode: 'cp1', epoch: 'e1' },
});
const lost = (credentialsId: string): TunnelEvent => ({ type: 'TunnelLost', data: { at, ...key, credentialsId, reason: 'connection-lost' } });
const revoked = (credentialsId: string, reason: 'idle' | 'lost' | 'disconnected' | 'expired' | 'open-failed' | 'lapsed', when = at): TunnelEvent => ({
  type: 'TunnelCredentialsRevoked',
  data: { at: when, ...key, credentialsId, reason },
});
const expired = (credentialsId: string): TunnelEvent => ({ type: 'TunnelCredentialsExpired', data: { at: expiresAt, ...key, credentialsId } });
const closed = (credentialsId: string, reason: 'idle' | 'disconnected'): TunnelEvent => ({ type: 'TunnelClosed', data: { at, ...key, credentialsId, reason } });
const lapsed = (reason: 'unused' | 'disconnected'): TunnelEvent => ({ type: 'TunnelRequirementLapsed', data: { at, ...key, reason } });

const open = (credentialsId: string, over: { at?: string; secretHash?: string } = {}): TunnelCommand => ({
  type: 'open',
  at: inTime,
  key,
  credentialsId,
  secretHash: `hash of ${credentialsId}`,
  agentInstanceId: 'i1',
  address: '192.0.2.7',
  controlPlaneNode: 'cp1',
  epoch: 'e1',
  ...over,
});

describe('domain: tunnel', () => {
  const from = (...events: TunnelEvent[]) => given(tunnelDecider, ...events);
  const opening = [required, issued('c1')] as const;
  const isOpen = [...opening, opened('c1')] as const;

  it('is required once, however many ask', () => {
    from().when({ type: 'require', at, key }).then(required);
    from(required).when({ type: 'require', at, key }).thenNothing();
    from(...isOpen).when({ type: 'require', at, key }).thenNothing();
  });

  it('issues credentials only while it is required, and one grant at a time', () => {
    from().when({ type: 'issue-credentials', at, key, ...grant('c1') }).thenNothing();
    from(required).when({ type: 'issue-credentials', at, key, ...grant('c1') }).then(issued('c1'));
    from(...opening).when({ type: 'issue-credentials', at: inTime, key, ...grant('c2') }).thenNothing();
    from(...isOpen).when({ type: 'issue-credentials', at, key, ...grant('c2') }).thenNothing();
  });

  it('issues anew once the former grant has expired', () => {
    const late = { ...grant('c2'), expiresAt: '2026-01-31T12:00:20.000Z' };
    from(...opening)
      .when({ type: 'issue-credentials', at: expiresAt, key, ...late })
      .then(expired('c1'), revoked('c1', 'expired', expiresAt), { type: 'TunnelCredentialsIssued', data: { at: expiresAt, ...key, ...late } });
  });

  it('opens with its credentials until they expire', () => {
    from(...opening).when(open('c1')).then({ ...opened('c1'), data: { ...opened('c1').data, at: inTime } } as TunnelEvent);
    from(...opening).when(open('c1', { at: expiresAt })).thenRefused('credentials-expired');
  });

  it('refuses a wrong secret, unknown credentials and a second use, each with its reason', () => {
    from(...opening).when(open('c1', { secretHash: 'hash of a guess' })).thenRefused('wrong-secret');
    from(...opening).when(open('c7')).thenRefused('unknown-credentials');
    from().when(open('c1')).thenRefused('unknown-credentials');
    from(...isOpen).when(open('c1')).thenRefused('credentials-used');
    from(...isOpen, lost('c1'), revoked('c1', 'lost')).when(open('c1')).thenRefused('credentials-used');
    from(...opening, expired('c1'), revoked('c1', 'expired')).when(open('c1')).thenRefused('credentials-expired');
    from(...opening, revoked('c1', 'disconnected'), lapsed('disconnected')).when(open('c1')).thenRefused('credentials-revoked');
  });

  it('of two that race with the same credentials lets the later one, who decides again, lose', () => {
    // Both decide on the same revision; the store takes one append, and the other is decided again after it.
    from(...opening).when(open('c1')).then({ ...opened('c1'), data: { ...opened('c1').data, at: inTime } } as TunnelEvent);
    from(...opening, opened('c1')).when(open('c1')).thenRefused('credentials-used');
  });

  it('stays required when it is lost, and tells why it was lost', () => {
    from(...isOpen).when({ type: 'lose', at, key, credentialsId: 'c1', reason: 'connection-lost' }).then(lost('c1'), revoked('c1', 'lost'));
    const state = from(...isOpen, lost('c1'), revoked('c1', 'lost')).state();
    expect(state.status).to.equal('required');
    expect(state.lastFailure).to.include({ reason: 'connection-lost' });
  });

  it('does not take the loss of a former tunnel for its own', () => {
    from(...isOpen, lost('c1'), revoked('c1', 'lost'), issued('c2'), opened('c2'))
      .when({ type: 'lose', at, key, credentialsId: 'c1', reason: 'connection-lost' })
      .thenNothing();
  });

  it('is required again when its agent could not open it', () => {
    from(...opening)
      .when({ type: 'fail-to-open', at, key, credentialsId: 'c1', reason: 'fingerprint-mismatch', detail: 'x' })
      .then({ type: 'TunnelOpenFailed', data: { at, ...key, credentialsId: 'c1', reason: 'fingerprint-mismatch', detail: 'x' } }, revoked('c1', 'open-failed'));
    from(...isOpen).when({ type: 'fail-to-open', at, key, credentialsId: 'c1', reason: 'x', detail: 'x' }).thenNothing();
  });

  it('expires credentials at their instant and not before', () => {
    from(...opening).when({ type: 'expire-credentials', at: inTime, key, credentialsId: 'c1' }).thenNothing();
    from(...opening).when({ type: 'expire-credentials', at: expiresAt, key, credentialsId: 'c1' }).then(expired('c1'), revoked('c1', 'expired', expiresAt));
    from(...isOpen).when({ type: 'expire-credentials', at: expiresAt, key, credentialsId: 'c1' }).thenNothing();
  });

  it('closes when idle and revokes its credentials', () => {
    from(...isOpen).when({ type: 'close-idle', at, key, credentialsId: 'c1' }).then(closed('c1', 'idle'), revoked('c1', 'idle'));
    from(required).when({ type: 'close-idle', at, key, credentialsId: 'c1' }).thenNothing();
    expect(from(...isOpen, closed('c1', 'idle'), revoked('c1', 'idle')).state().status).to.equal('closed');
  });

  it('is disconnected from every state', () => {
    const command: TunnelCommand = { type: 'disconnect', at, key, reason: 'disconnected' };
    from().when(command).thenNothing();
    from(required).when(command).then(lapsed('disconnected'));
    from(...opening).when(command).then(revoked('c1', 'disconnected'), lapsed('disconnected'));
    from(...isOpen).when(command).then(closed('c1', 'disconnected'), revoked('c1', 'disconnected'));
  });

  it('lapses while nobody has opened it, and takes the credentials back that were just issued', () => {
    from(required).when({ type: 'lapse', at, key }).then(lapsed('unused'));
    from(...opening).when({ type: 'lapse', at, key }).then(revoked('c1', 'lapsed'), lapsed('unused'));
    from(...opening, revoked('c1', 'lapsed'), lapsed('unused')).when(open('c1')).thenRefused('credentials-revoked');
    from(...isOpen).when({ type: 'lapse', at, key }).thenNothing();
  });

  it('has a stream of its own for each Swarm node', () => {
    expect(tunnelStream(key)).to.equal('tunnel-factory1');
    expect(tunnelStream({ environmentId: 'factory1', node: 'n2' })).to.equal('tunnel-factory1_n2');
  });
});
