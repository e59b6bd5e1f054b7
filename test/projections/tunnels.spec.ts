import { expect } from 'chai';
import { decodeEvent } from '../../services/domain/event-codec.ts';
import type { DomainEvent, TunnelEvent, TunnelEvents } from '../../services/domain/events.ts';
import { tunnelDecider, type TunnelState } from '../../services/domain/tunnel.ts';
import { createTunnelLookup } from '../../projections/tunnels/view.ts';
import { takeHistory } from './random-history.ts';
import { openTestReadModel, recorded, type TestReadModel } from './read-model.ts';

const second = (number: number) => `2026-01-31T12:00:${String(number).padStart(2, '0')}.000Z`;
const key = { environmentId: 'a', node: null };

const created: DomainEvent = {
  type: 'EnvironmentCreated',
  data: {
    at: second(0), environmentId: 'a', name: 'Factory', address: 'x:1', tunnelAddress: 'x:2', tags: [], pollIntervalSeconds: null,
    issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1,
  },
};

function required(at: string, node: string | null = null): DomainEvent {
  return { type: 'TunnelRequired', data: { at, environmentId: 'a', node } };
}

function issued(at: string): DomainEvent {
  const data: TunnelEvents['TunnelCredentialsIssued'] = {
    at, ...key, credentialsId: 'c', secretHash: 'h', agentInstanceId: 'i', agentNode: 'host1', expiresAt: second(59),
  };
  return { type: 'TunnelCredentialsIssued', data };
}

function opened(at: string): DomainEvent {
  const data: TunnelEvents['TunnelOpened'] = {
    at, ...key, credentialsId: 'c', agentInstanceId: 'i', agentNode: 'host1', address: '192.0.2.1', controlPlaneNode: 'cp', epoch: 'e1',
  };
  return { type: 'TunnelOpened', data };
}

const lost = (at: string): DomainEvent => ({ type: 'TunnelLost', data: { at, ...key, credentialsId: 'c', reason: 'connection-lost' } });

describe('a tunnel, as its events tell it', () => {
  let model: TestReadModel;
  beforeEach(() => {
    model = openTestReadModel();
    model.apply(created);
  });
  afterEach(() => model.close());

  const idle = { openedAt: null, node: null, agentNode: null, lastFailure: null };

  it('is required, opening, open and closed, each since its event', () => {
    model.apply(required(second(1)));
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'required', since: second(1) });
    model.apply(issued(second(2)));
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'opening', since: second(2) });
    model.apply(opened(second(3)));
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'open', since: second(3), openedAt: second(3), agentNode: 'host1' });
    model.apply({ type: 'TunnelClosed', data: { at: second(4), ...key, credentialsId: 'c', reason: 'idle' } });
    model.apply({ type: 'TunnelCredentialsRevoked', data: { at: second(4), ...key, credentialsId: 'c', reason: 'idle' } });
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'closed', since: second(4) });
  });

  it('is still required after it was lost, and says why it was lost until it is open again', () => {
    model.apply(required(second(1)), issued(second(2)), opened(second(3)), lost(second(4)));
    const lastFailure = { reason: 'connection-lost', detail: 'the tunnel was lost', at: second(4) };
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'required', since: second(4), lastFailure });
    model.apply(issued(second(5)));
    expect(model.see('a').tunnel).to.deep.include({ state: 'opening', lastFailure });
    model.apply(opened(second(6)));
    expect(model.see('a').tunnel.lastFailure).to.equal(null);
  });

  it('is required again where the agent did not open it in time, or could not, and says so', () => {
    model.apply(required(second(1)), issued(second(2)), { type: 'TunnelCredentialsExpired', data: { at: second(3), ...key, credentialsId: 'c' } });
    expect(model.see('a').tunnel).to.deep.include({ state: 'required', since: second(3) });
    expect(model.see('a').tunnel.lastFailure).to.deep.include({ reason: 'credentials-expired', at: second(3) });
    const failed = { reason: 'pin-mismatch', detail: 'the certificate is another one' };
    model.apply(issued(second(4)), { type: 'TunnelOpenFailed', data: { at: second(5), ...key, credentialsId: 'c', ...failed } });
    expect(model.see('a').tunnel).to.deep.include({ state: 'required', since: second(5), lastFailure: { ...failed, at: second(5) } });
  });

  it('is closed where its requirement lapsed, and keeps the reason why it never opened', () => {
    model.apply(required(second(1)), issued(second(2)), { type: 'TunnelCredentialsExpired', data: { at: second(3), ...key, credentialsId: 'c' } });
    model.apply({ type: 'TunnelRequirementLapsed', data: { at: second(4), ...key, reason: 'unused' } });
    expect(model.see('a').tunnel).to.deep.include({ state: 'closed', since: second(4) });
    expect(model.see('a').tunnel.lastFailure?.reason).to.equal('credentials-expired');
    model.apply(required(second(5)));
    expect(model.see('a').tunnel.lastFailure).to.equal(null);
  });

  it('is listed for each Swarm node asked for, apart from the environment’s own', () => {
    model.apply(required(second(1), 'n2'), required(second(2), 'n1'));
    expect(model.see('a').tunnel).to.deep.equal({ ...idle, state: 'closed', since: null });
    expect(model.see('a').tunnels).to.deep.equal([
      { ...idle, state: 'required', since: second(2), node: 'n1' },
      { ...idle, state: 'required', since: second(1), node: 'n2' },
    ]);
  });

  it('looks as the decider knows it, after any history', () => {
    const history = takeHistory({ seed: 11, environments: 10, pollPercent: 0, isMixed: true }, 3000);
    const states = new Map<string, TunnelState>();
    for (const stored of history) {
      if (!stored.stream.startsWith('tunnel-')) continue;
      const event = decodeEvent(stored) as TunnelEvent;
      const { environmentId, node } = event.data;
      states.set(JSON.stringify([environmentId, node]), tunnelDecider.evolve(states.get(JSON.stringify([environmentId, node])) ?? tunnelDecider.initialState, event));
    }
    model.commit(recorded(history));
    const tunnelsOf = createTunnelLookup(model.database);
    expect(states.size).to.be.greaterThan(20);
    for (const [name, { status, since, lastFailure }] of states) {
      const [environmentId, node] = JSON.parse(name) as [string, string | null];
      const view = tunnelsOf(environmentId).find((tunnel) => tunnel.node === node);
      expect(view).to.deep.include({ state: status, since, lastFailure });
    }
  });
});
