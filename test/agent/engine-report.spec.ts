/** What the agent makes of an engine's answers. */
import { expect } from 'chai';
import { reportFrom } from '../../agent/engine/engine-report.ts';

describe('engine report', () => {
  const version = { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'arm64', Components: [{ Name: 'Engine' }] };

  it('names the engine, its node and its platform', () => {
    expect(reportFrom(version, { Name: 'node-1', Swarm: { LocalNodeState: 'inactive', NodeID: '' } })).to.deep.equal({
      engine: { name: 'docker', version: '28.2.2', apiVersion: '1.50' },
      node: 'node-1',
      platform: 'linux/arm64',
      swarm: undefined,
    });
  });

  it('tells Podman apart', () => {
    expect(reportFrom({ ...version, Components: [{ Name: 'Podman Engine' }] }, {}).engine.name).to.equal('podman');
  });

  it("says a node's part in a Swarm, of which a worker knows no cluster", () => {
    const swarm = { LocalNodeState: 'active', NodeID: 'n1', ControlAvailable: false };
    expect(reportFrom(version, { Swarm: swarm }).swarm).to.deep.equal({ clusterId: '', nodeId: 'n1', manager: false });
    const manager = { ...swarm, ControlAvailable: true, Cluster: { ID: 'c1' } };
    expect(reportFrom(version, { Swarm: manager }).swarm).to.deep.equal({ clusterId: 'c1', nodeId: 'n1', manager: true });
  });

  it('takes answers that make no sense for empty ones', () => {
    expect(reportFrom({ Version: 7, Components: 'x' }, { Name: null, Swarm: [] })).to.deep.equal({
      engine: { name: 'docker', version: '', apiVersion: '' },
      node: '',
      platform: '/',
      swarm: undefined,
    });
  });
});
