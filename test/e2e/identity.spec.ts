/** Copied disks, rotated tokens and disassociated environments, with real agents. */
import { expect } from 'chai';
import { startHttpEngine, type FakeEngine } from '../web-gateway/support/fake-engine.ts';
import { createEnvironment, startAgent, startHomeport } from '../support/homeport.ts';
import type { HomeportAgent, HomeportServer, JoinableEnvironment } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { untilStatus } from '../support/until-status.ts';

interface Shown {
  readonly status: string;
  readonly issuedEdgeId: string;
  readonly barredEdgeIds: readonly string[];
  readonly association: { readonly addresses: readonly string[]; readonly duplicates: readonly object[]; readonly lastRejected: { readonly reason: string } | null };
}

describe('who an agent is', function () {
  this.timeout(120_000);
  let server: HomeportServer;
  let folder: TemporaryFolder;
  let engine: FakeEngine;
  const agents: HomeportAgent[] = [];

  before(async () => {
    folder = createTemporaryFolder();
    const info = { OSType: 'linux', Architecture: 'x86_64', Name: 'press', Swarm: { LocalNodeState: 'inactive' } };
    const version = { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64' };
    engine = await startHttpEngine(`${folder.path}/docker.sock`, ({ url = '' }, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(url.endsWith('/version') ? version : url.endsWith('/info') ? info : {}));
    });
    server = await startHomeport();
    await server.signIn();
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.kill();
  });
  after(async () => {
    await engine.close();
    await server.remove();
    folder.remove();
  });

  function start(edgeId: string, edgeKey: string): HomeportAgent {
    const agent = startAgent({ edgeId, edgeKey, dockerHost: `unix://${folder.path}/docker.sock`, env: { DATA_PATH: folder.path } });
    agents.push(agent);
    return agent;
  }
  const environment = (name: string): Promise<JoinableEnvironment> => createEnvironment(server, name, '--poll-interval', '1s');
  const show = async (name: string): Promise<Shown> => JSON.parse((await server.homeport('env', 'show', name, '--json')).stdout) as Shown;
  const becomes = async (name: string, status: string): Promise<Shown> => {
    await untilStatus(server, name, status);
    const shown = await show(name);
    expect(shown.status).to.equal(status);
    return shown;
  };

  it('keeps one of two agents with one identity, shows both, and tells the other why', async () => {
    const { issuedEdgeId, joinToken } = await environment('copied');
    const original = start(issuedEdgeId, joinToken);
    await becomes('copied', 'up');
    const copy = start(issuedEdgeId, joinToken);
    const { association } = await becomes('copied', 'duplicate');
    expect(association.duplicates).to.have.length(1);
    expect(association.addresses).to.deep.equal(['127.0.0.1']);
    await copy.process.waitFor(/"code":"duplicate-agent"/, 60_000);
    expect(original.process.stderr()).not.to.contain('duplicate-agent');
  });

  it('refuses an agent whose token was rotated, and takes one that has the new token', async () => {
    const { issuedEdgeId, joinToken } = await environment('rotated');
    const former = start(issuedEdgeId, joinToken);
    await becomes('rotated', 'up');
    const { stdout } = await server.homeport('env', 'rotate-token', 'rotated', '--yes', '--json');
    const deployment = JSON.parse(stdout) as { edgeId: string; joinToken: string };
    await former.process.waitFor(/"code":"token-rotated"/, 60_000);
    await former.kill();
    expect(deployment.edgeId).to.equal(issuedEdgeId);
    start(issuedEdgeId, deployment.joinToken);
    await becomes('rotated', 'up');
  });

  it('parts an environment from its agent until that is allowed again', async () => {
    const { issuedEdgeId, joinToken } = await environment('parted');
    const agent = start(issuedEdgeId, joinToken);
    await becomes('parted', 'up');
    const parted = JSON.parse((await server.homeport('env', 'disassociate', 'parted', '--yes', '--json')).stdout) as Shown;
    expect(parted).to.deep.include({ status: 'unassociated', barredEdgeIds: [issuedEdgeId] });
    expect(parted.issuedEdgeId).not.to.equal(issuedEdgeId);
    await agent.process.waitFor(/"code":"edge-id-barred"/, 60_000);
    await agent.kill();
    expect((await server.homeport('env', 'allow-edge-id', 'parted', issuedEdgeId)).stdout).to.equal(`${issuedEdgeId}\n`);
    expect((await server.homeport('env', 'allow-edge-id', 'parted', issuedEdgeId)).code).to.equal(1);
    start(issuedEdgeId, joinToken);
    await becomes('parted', 'up');
  });
});
