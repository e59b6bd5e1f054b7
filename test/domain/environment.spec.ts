import { expect } from 'chai';
import { type EnvironmentCommand, environmentDecider } from '../../services/domain/environment.ts';
import type { AgentReport, EnvironmentEvent } from '../../services/domain/events.ts';
import { given } from './given-when-then.ts';

const at = '2026-01-31T12:00:00.000Z';
const environmentId = 'factory1';
const issuedEdgeId = '11111111-1111-4111-8111-111111111111';
const otherEdgeId = '22222222-2222-4222-8222-222222222222';
const report: AgentReport = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };

const description = { name: 'factory', address: 'cp.example:9443', tunnelAddress: 'cp.example:8000', tags: ['a'], pollIntervalSeconds: null };
const created: EnvironmentEvent = {
  type: 'EnvironmentCreated',
  data: { at, environmentId, ...description, issuedEdgeId, requireIssuedEdgeId: false, joinTokenVersion: 1 },
};
const strict: EnvironmentEvent = { ...created, data: { ...created.data, requireIssuedEdgeId: true } };
const associated = (edgeId: string): EnvironmentEvent => ({
  type: 'AgentAssociated',
  data: { at, environmentId, edgeId, issued: edgeId === issuedEdgeId, node: 'press', address: '192.0.2.7' },
});
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

  it('loses and regains its heartbeat once each', () => {
    from(created).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).thenNothing();
    from(created, seen()).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).then(lost);
    from(created, seen(), lost).when({ type: 'lose-heartbeat', at, lastPolledAt: at }).thenNothing();
    from(created, seen(), lost).when({ type: 'restore-heartbeat', at }).then({ type: 'HeartbeatRestored', data: { at, environmentId } });
    from(created, seen()).when({ type: 'restore-heartbeat', at }).thenNothing();
  });

  it('is gone for ever once removed', () => {
    from(created).when({ type: 'remove', at }).then(removed);
    from(created, removed).when(introduction(issuedEdgeId)).thenRefused('environment-removed');
    from(created, removed).when({ type: 'remove', at }).thenRefused('environment-removed');
    from().when({ type: 'remove', at }).thenRefused('unknown-environment');
  });
});
