/** Snapshots, as their events tell them. */
import { expect } from 'chai';
import { findSnapshot, listSnapshots, pastSnapshotsPage } from '../../projections/snapshots/queries.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import type { SnapshotContent } from '../../services/domain/snapshot.ts';
import { openTestReadModel, type TestReadModel } from './read-model.ts';

const second = (number: number) => `2026-01-31T12:00:${String(number).padStart(2, '0')}.000Z`;
const created: DomainEvent = {
  type: 'EnvironmentCreated',
  data: {
    at: second(0), environmentId: 'a', name: 'Factory', address: 'x:1', tunnelAddress: 'x:2', tags: [], pollIntervalSeconds: null,
    issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1,
  },
};
const container = (name: string, state: string, health: string | null, project: string) => ({
  id: name, name, image: 'i', imageId: 'i', command: '', createdAt: null, state, health, exitCode: null, labels: { 'com.docker.compose.project': project },
  ports: [], mounts: [], networks: [], env: {},
});
const content = (containers: SnapshotContent['containers']): SnapshotContent => ({
  engine: { name: 'docker', version: '1', apiVersion: '1', platform: '', operatingSystem: '', kernelVersion: '', cpus: 4, memoryBytes: 100, storageDriver: '', dataRoot: '' },
  diskUse: null, containers, images: [], volumes: [], networks: [], nodes: [], services: [], truncated: { images: { kept: 0, of: 7 } }, failed: {},
});
const taken = (at: string, node: string | null, containers: SnapshotContent['containers']): DomainEvent => ({
  type: 'SnapshotRecorded',
  data: { at, environmentId: 'a', node, hostname: `host-${node ?? ''}`, hash: `hash${at}`, content: content(containers) },
});
const unchanged = (at: string, node: string | null): DomainEvent => ({ type: 'SnapshotUnchanged', data: { at, environmentId: 'a', node, hash: 'h' } });
const failed = (at: string, node: string | null): DomainEvent => ({ type: 'SnapshotFailed', data: { at, environmentId: 'a', node, reason: 'timeout', detail: 'slow' } });
const expired = (at: string, before: string): DomainEvent => ({ type: 'SnapshotsExpired', data: { at, count: 1, before, limit: 'age' } });

describe('snapshots, as their events tell them', () => {
  let model: TestReadModel;
  beforeEach(() => {
    model = openTestReadModel();
    model.apply(created);
  });
  afterEach(() => model.close());

  const latest = (node?: string) => findSnapshot.prepare(model.database)({ environmentId: 'a', node });
  const list = (before = 1000, limit = 10) => listSnapshots.prepare(model.database)({ environmentId: 'a', before, limit });

  it('count what one looks at first, over all nodes of a Swarm', () => {
    expect(model.see('a').snapshot).to.equal(null);
    model.apply(taken(second(1), 'n1', [container('w', 'running', 'healthy', 'shop'), container('x', 'exited', null, 'shop')]));
    model.apply(taken(second(2), 'n2', [container('y', 'running', 'unhealthy', 'shop'), container('z', 'running', null, 'mail')]));
    expect(model.see('a').snapshot).to.deep.include({
      takenAt: second(2),
      summary: { stacks: 2, services: 0, containers: { total: 4, running: 3, stopped: 1, healthy: 1, unhealthy: 1 }, volumes: 0, images: 14, cpus: 8, memoryBytes: 200 },
      lastFailure: null,
    });
    expect(latest('n1')).to.deep.include({ node: 'n1', hostname: 'host-n1', takenAt: second(1) });
    expect(latest()?.node).to.equal('n2');
    expect(pastSnapshotsPage.prepare(model.database)({ after: { environmentId: '', nodeKey: '' }, limit: 9 }).items).to.have.length(2);
  });

  it('that were stored before unknown variables were told from none say null for them now', () => {
    const event = taken(second(1), null, [{ ...container('w', 'running', null, 'shop'), env: { TZ: 'UTC' } }, container('x', 'running', null, 'shop')]);
    const data = JSON.stringify(event.data).replace('"truncated":{', '"truncated":{"containerEnv":{"kept":1,"of":2},');
    const metadata = JSON.stringify({ recordedAt: second(1), schemaVersion: 1 });
    model.commit([{ id: '00000000-0000-4000-8000-00000000000a', type: event.type, data, metadata, stream: 'snapshots-a', revision: 0, position: '10', createdAtMs: 0 }]);
    expect(latest()?.content.containers.map(({ env }) => env)).to.deep.equal([{ TZ: 'UTC' }, null]);
  });

  it('stand as they were while nothing changes, and keep the last good one beside a failure', () => {
    model.apply(taken(second(1), null, []), unchanged(second(5), null), failed(second(6), null));
    expect(latest()).to.deep.include({ takenAt: second(5), changedAt: second(1) });
    expect(model.see('a').snapshot).to.deep.include({ takenAt: second(5), lastFailure: { reason: 'timeout', detail: 'slow', at: second(6) } });
    model.apply(unchanged(second(7), null));
    expect(model.see('a').snapshot?.lastFailure).to.equal(null);
  });

  it('are listed newest first in pages, and what expired is as if it had never been', () => {
    model.apply(taken(second(1), null, []), taken(second(2), null, []), taken(second(3), null, []));
    const first = list(1000, 2);
    expect(first.items.map(({ takenAt }) => takenAt)).to.deep.equal([second(3), second(2)]);
    expect(list(first.next ?? 0, 2)).to.deep.include({ next: null, total: 3 });
    model.apply(expired(second(9), second(3)));
    expect(list().items.map(({ takenAt }) => takenAt)).to.deep.equal([second(3)]);
    expect(latest()?.takenAt).to.equal(second(3));
    model.apply(expired(second(10), second(9)));
    expect(list().total).to.equal(0);
    expect(model.see('a').snapshot).to.equal(null);
    // A hash alone brings nothing back.
    model.apply(unchanged(second(11), null));
    expect(model.see('a').snapshot).to.equal(null);
  });
});
