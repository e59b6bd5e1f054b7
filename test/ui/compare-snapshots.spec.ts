/** What the web UI says differs between two snapshots. */
import { expect } from 'chai';
import type { SnapshotContainer, SnapshotContent } from '../../web-gateway/ui/src/environment/engine/snapshot-content.ts';
import { compareSnapshots } from '../../web-gateway/ui/src/environment/snapshots/compare-snapshots.ts';

const EMPTY: SnapshotContent = { engine: null, containers: [], images: [], volumes: [], networks: [], nodes: [], services: [], diskUse: null, truncated: {}, failed: {} };

function container(name: string, changes: Partial<SnapshotContainer> = {}): SnapshotContainer {
  return { id: `id-of-${name}`, name, image: 'app:1', imageId: 'sha256:1', command: 'app', createdAt: null, state: 'running', health: null, exitCode: null, labels: {}, ports: ['80/tcp', '443/tcp'], mounts: [], networks: [], env: {}, ...changes };
}

describe('two snapshots', () => {
  it('differ in what was added, removed and changed, with what it was and is', () => {
    const before = { ...EMPTY, containers: [container('gone'), container('same'), container('web')], volumes: [{ name: 'data', driver: 'local', mountpoint: '/data', labels: {} }] };
    const after = { ...EMPTY, containers: [container('web', { image: 'app:2', state: 'exited', exitCode: 1 }), container('same'), container('new')], volumes: [] };
    const found = compareSnapshots(before, after).filter(({ differences }) => differences.length > 0);
    expect(found).to.deep.equal([
      {
        section: 'Containers',
        isPartial: false,
        differences: [
          { kind: 'removed', name: 'gone', fields: [] },
          { kind: 'added', name: 'new', fields: [] },
          {
            kind: 'changed',
            name: 'web',
            fields: [
              { field: 'State', before: 'running', after: 'exited' },
              { field: 'Image', before: 'app:1', after: 'app:2' },
              { field: 'Exit code', before: 'none', after: '1' },
            ],
          },
        ],
      },
      { section: 'Volumes', isPartial: false, differences: [{ kind: 'removed', name: 'data', fields: [] }] },
    ]);
  });

  it('do not differ in the order of things, nor where one does not know', () => {
    const before = { ...EMPTY, containers: [container('web', { env: null }), container('db')] };
    const after = { ...EMPTY, containers: [container('db'), container('web', { ports: ['443/tcp', '80/tcp'], env: { MODE: 'live' } })] };
    expect(compareSnapshots(before, after).flatMap(({ differences }) => differences)).to.deep.equal([]);
  });

  it('say where one of them had not room for all', () => {
    const sections = compareSnapshots(EMPTY, { ...EMPTY, truncated: { images: { kept: 10, of: 20 } } });
    expect(sections.filter(({ isPartial }) => isPartial).map(({ section }) => section)).to.deep.equal(['Images']);
  });
});
