import { expect } from 'chai';
import { type EnvironmentCommand, environmentDecider } from '../../services/domain/environment.ts';
import type { AgentReport, EnvironmentEvent } from '../../services/domain/events.ts';
import { given } from './given-when-then.ts';

const at = '2026-01-31T12:00:00.000Z';
const environmentId = 'factory1';
const issuedEdgeId = '11111111-1111-4111-8111-111111111111';
const otherEdgeId = '22222222-2222-4222-8222-222222222222';
const nextEdgeId = '33333333-3333-4333-8333-333333333333';
const report: AgentReport = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };

const description = { name: 'factory', address: 'cp.example:9443', tunnelAddress: 'cp.example:8000', tags: ['a'], pollIntervalSeconds: null };
const created: EnvironmentEvent = {
  type: 'EnvironmentCreated',
  data: { at, environmentId, ...description, issuedEdgeId, requireIssuedEdgeId: false, joinTokenVersion: 1 },
};
const strict: EnvironmentEvent = { ...created, data: { ...created.data, requireIssuedEdgeId: true } };
const associated = (edgeId: string, issued = edgeId === issuedEdgeId): EnvironmentEvent => ({
  type: 'AgentAssociated',
  data: { at, environmentId, edgeId, issued, node: 'press', address: '192.0.2.7' },
});
const disassociated = (edgeId: string): EnvironmentEvent => ({ type: 'AgentDisassociated', data: { at, environmentId, edgeId, issuedEdgeId: nextEdgeId } });
const seen = (over: { instanceId?: string; address?: string; report?: AgentReport } = {}): EnvironmentEvent => ({
  type: 'AgentSeen',
  data: { at, environmentId, instanceId: 'i1', address: '192.0.2.7', report, ...over },
});
const introduction = (edgeId: string, over: { instanceId?: string; address?: string; report?: AgentReport } = {}): EnvironmentCommand => ({
  type: 'introduce-agent',
  at,
  edgeId,
  instanceId: 'i1',
  address: '192.0.2.7',
  report,
  ...over,
});
const removed: EnvironmentEvent = { type: 'EnvironmentRemoved', data: { at, environmentId } };
const lost: EnvironmentEvent = { type: 'HeartbeatLost', data: { at, environmentId, lastPolledAt: at } };

describe('domain: environment', () => {
  const from = (...events: EnvironmentEvent[]) => given(environmentDecider, ...events);

  it('is created once', () => {
    const command: EnvironmentCommand = { type: 'create', at, environmentId, ...description, issuedEdgeId, requireIssuedEdgeId: false };
    from().when(command).then(created);
    from(created).when(command).thenRefused('environment-exists');
  });

  it('takes the Edge ID its first agent brings, and says whether it was the issued one', () => {
    from(created).when(introduction(otherEdgeId)).then(associated(otherEdgeId), seen());
    from(created).when(introduction(issuedEdgeId)).then(associated(issuedEdgeId), seen());
  });

  it('takes only the issued Edge ID where that is required', () => {
    from(strict).when(introduction(otherEdgeId)).thenRefused('edge-id-mismatch');
    from(strict).when(introduction(issuedEdgeId)).then(associated(issuedEdgeId), seen());
  });

  it('refuses a second agent with another Edge ID', () => {
    from(created, associated(otherEdgeId), seen()).when(introduction(issuedEdgeId)).thenRefused('edge-id-mismatch');
  });

  it('records what an agent reports only where it is news', () => {
    const known = [created, associated(issuedEdgeId), seen()] as const;
    from(...known).when(introduction(issuedEdgeId)).thenNothing();
    const updated = { ...report, version: '0.2.0' };
    from(...known).when(introduction(issuedEdgeId, { report: updated })).then(seen({ report: updated }));
    from(...known).when(introduction(issuedEdgeId, { address: '192.0.2.8' })).then(seen({ address: '192.0.2.8' }));
    from(...known).when(introduction(issuedEdgeId, { instanceId: 'i2' })).then(seen({ instanceId: 'i2' }));
  });

  it('tells the agents of a Swarm apart by their nodes', () => {
    const worker: AgentReport = { ...report, node: 'mill', swarm: { clusterId: 'c', nodeId: 'n2', manager: false } };
    const state = from(created, associated(issuedEdgeId), seen(), seen({ report: worker, instanceId: 'i9' })).state();
    expect(state).to.have.property('agents').that.has.all.keys('', 'n2');
  });

  it('records only what a change changes', () => {
    from(created).when({ type: 'change', at, ...description }).thenNothing();
    from(created)
      .when({ type: 'change', at, name: 'works', address: 'new.example:9443', tags: [], pollIntervalSeconds: 60 })
      .then(
        { type: 'EnvironmentRenamed', data: { at, environmentId, name: 'works' } },
        { type: 'EnvironmentAddressChanged', data: { at, environmentId, address: 'new.example:9443', tunnelAddress: 'cp.example:8000' } },
        { type: 'EnvironmentTagged', data: { at, environmentId, tags: [] } },
        { type: 'PollIntervalChanged', data: { at, environmentId, pollIntervalSeconds: 60 } },
      );
  });

  it('raises the version of its join token by one at each rotation', () => {
    const rotated = (joinTokenVersion: number): EnvironmentEvent => ({ type: 'JoinTokenRotated', data: { at, environmentId, joinTokenVersion } });
    from(created).when({ type: 'rotate-token', at }).then(rotated(2));
    from(created, rotated(2)).when({ type: 'rotate-token', at }).then(rotated(3));
    expect(from(created, rotated(2)).state()).to.have.property('joinTokenVersion', 2);
  });

  it('forgets its agent when it is disassociated, and bars that Edge ID until it is allowed again', () => {
    const parted = [created, associated(otherEdgeId), seen(), disassociated(otherEdgeId)] as const;
    from(created).when({ type: 'disassociate', at, issuedEdgeId: nextEdgeId }).thenNothing();
    from(created, associated(otherEdgeId), seen())
      .when({ type: 'disassociate', at, issuedEdgeId: nextEdgeId })
      .then(disassociated(otherEdgeId));
    from(...parted).when(introduction(otherEdgeId)).thenRefused('edge-id-barred');
    from(...parted).when(introduction(nextEdgeId)).then(associated(nextEdgeId, true), seen());
    from(...parted, associated(nextEdgeId, true), seen()).when(introduction(otherEdgeId)).thenRefused('edge-id-barred');
    const allowed: EnvironmentEvent = { type: 'EdgeIdUnbarred', data: { at, environmentId, edgeId: otherEdgeId } };
    from(...parted).when({ type: 'unbar-edge-id', at, edgeId: otherEdgeId }).then(allowed);
    from(...parted).when({ type: 'unbar-edge-id', at, edgeId: nextEdgeId }).thenRefused('edge-id-not-barred');
    from(...parted, allowed).when(introduction(otherEdgeId)).then(associated(otherEdgeId, false), seen());
  });

  it('takes the former issued Edge ID no more where the issued one is required', () => {
    from(strict, associated(issuedEdgeId), seen(), disassociated(issuedEdgeId)).when(introduction(otherEdgeId)).thenRefused('edge-id-mismatch');
  });

  it('keeps one of two agents with one identity, and lets the other in when the kept one is gone', () => {
    const twice = [created, associated(issuedEdgeId), seen(), seen({ instanceId: 'i2', address: '192.0.2.8' })] as const;
    const detect: EnvironmentCommand = {
      type: 'detect-duplicate',
      at,
      kept: { instanceId: 'i1', address: '192.0.2.7', report },
      refused: { instanceId: 'i2', address: '192.0.2.8', report },
    };
    const refused = { instanceId: 'i2', node: 'press', address: '192.0.2.8' };
    const detected: EnvironmentEvent = { type: 'DuplicateAgentDetected', data: { at, environmentId, kept: { instanceId: 'i1', node: 'press', address: '192.0.2.7' }, refused } };
    from(...twice).when(detect).then(detected, seen());
    const both = [...twice, detected, seen()] as const;
    from(...both).when(detect).thenNothing();
    from(...both).when(introduction(issuedEdgeId, { instanceId: 'i2', address: '192.0.2.8' })).thenRefused('duplicate-agent');
    from(...both).when(introduction(issuedEdgeId)).thenNothing();
    const keptGone: EnvironmentEvent = { type: 'DuplicateAgentResolved', data: { at, environmentId, refused, reason: 'kept-agent-gone' } };
    const refusedGone: EnvironmentEvent = { type: 'DuplicateAgentResolved', data: { at, environmentId, refused, reason: 'refused-agent-gone' } };
    from(...both).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).then(lost, keptGone);
    from(...both).when({ type: 'resolve-duplicate', at, instanceId: 'i2' }).then(refusedGone);
    from(...both, refusedGone).when({ type: 'resolve-duplicate', at, instanceId: 'i2' }).thenNothing();
    from(...both, lost, keptGone).when(introduction(issuedEdgeId, { instanceId: 'i2' })).then(seen({ instanceId: 'i2' }));
    from(...both, disassociated(issuedEdgeId)).when(detect).thenNothing();
    expect(from(...both, disassociated(issuedEdgeId)).state()).to.deep.include({ duplicates: [], agents: new Map() });
  });

  it('loses and regains its heartbeat once each', () => {
    from(created).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).thenNothing();
    from(created, seen()).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).then(lost);
    from(created, seen(), lost).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).thenNothing();
    from(created, seen(), lost).when({ type: 'restore-heartbeat', at }).then({ type: 'HeartbeatRestored', data: { at, environmentId, lostAt: at } });
    from(created, seen()).when({ type: 'restore-heartbeat', at }).thenNothing();
  });

  it('is gone for ever once removed', () => {
    from(created).when({ type: 'remove', at }).then(removed);
    from(created, removed).when(introduction(issuedEdgeId)).thenRefused('environment-removed');
    from(created, removed).when({ type: 'remove', at }).thenRefused('environment-removed');
    from().when({ type: 'remove', at }).thenRefused('unknown-environment');
  });

  it('records a new address that an agent can not use once, what became of it, and each node by itself', () => {
    const failure = { address: 'new.example:9443', port: 'api', reason: 'connection-refused', detail: 'nothing listens there' } as const;
    const failed: EnvironmentEvent = { type: 'NewAddressFailed', data: { at, environmentId, node: 'press', swarmNode: null, ...failure } };
    const used: EnvironmentEvent = { type: 'NewAddressUsed', data: { at, environmentId, node: 'press', swarmNode: null, address: 'new.example:9443' } };
    const known = [created, associated(issuedEdgeId), seen()];
    from(...known).when({ type: 'report-address', at, report, failure }).then(failed);
    from(...known).when({ type: 'report-address', at, report, failure: null }).thenNothing();
    from(...known, failed).when({ type: 'report-address', at, report, failure: { ...failure, detail: 'in other words' } }).thenNothing();
    from(...known, failed).when({ type: 'report-address', at, report, failure: { ...failure, reason: 'name-not-found' } }).then({ ...failed, data: { ...failed.data, reason: 'name-not-found' } });
    from(...known, failed).when({ type: 'report-address', at, report, failure: null }).then(used);
    from(...known, failed, used).when({ type: 'report-address', at, report, failure: null }).thenNothing();
    const worker: AgentReport = { ...report, node: 'worker', swarm: { clusterId: 'c', nodeId: 'n2', manager: false } };
    from(...known, failed).when({ type: 'report-address', at, report: worker, failure }).then({ ...failed, data: { ...failed.data, node: 'worker', swarmNode: 'n2' } });
    from(...known, failed, disassociated(issuedEdgeId)).when({ type: 'report-address', at, report, failure: null }).thenNothing();
  });

  it('takes a Swarm node named as something that every object has as any other node', () => {
    const node: AgentReport = { ...report, node: 'mill', swarm: { clusterId: 'c', nodeId: 'constructor', manager: false } };
    const known = [created, associated(issuedEdgeId), seen()];
    from(...known).when(introduction(issuedEdgeId, { instanceId: 'i2', report: node })).then(seen({ instanceId: 'i2', report: node }));
    // It failed to use no address, so there is none that it can use again.
    from(...known, seen({ instanceId: 'i2', report: node })).when({ type: 'report-address', at, report: node, failure: null }).thenNothing();
  });
});
