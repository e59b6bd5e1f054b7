/** An installation that goes on from its backup in another data directory, as on another machine: nobody who depends on it notices. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { startAgentFleet } from '../../support/fleet/agent-fleet.ts';
import { type HomeportServer, runHomeport, startHomeport } from '../../support/homeport.ts';
import { isStoreElsewhere, storeElsewhere } from '../../support/store-elsewhere.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { type Api, createApi, type CreatedEnvironment } from '../failures/support/api.ts';

const AGENTS = 50;

describe('an installation on another machine', function () {
  this.timeout(90_000);
  const started = new AsyncDisposableStack();
  let folder: TemporaryFolder;
  let server: HomeportServer;
  let api: Api;
  let environments: readonly CreatedEnvironment[];
  let backup: string;

  before(async () => {
    folder = started.adopt(createTemporaryFolder(), (one) => one.remove());
    backup = path.join(folder.path, 'backup.tar');
    server = started.adopt(await startHomeport({ dataDir: path.join(folder.path, 'one') }), (one) => one.remove());
    api = await createApi(server);
    environments = await Promise.all(Array.from({ length: AGENTS }, (_, index) => api.createEnvironment({ name: `agent${index}`, pollIntervalSeconds: 1 })));
    const agents = environments.map(({ name, issuedEdgeId, joinToken }) => ({ name, edgeId: issuedEdgeId, edgeKey: joinToken }));
    started.adopt(startAgentFleet({ folder: folder.path, agents }), (one) => one.stop().then(() => undefined));
    await allUp();
  });
  after(async () => {
    await started.disposeAsync();
  });

  const allUp = (): Promise<unknown> =>
    eventually('all agents to be up', async () => (((await api.call('GET', '/environments?status=up&limit=1')).body as { readonly total: number }).total === AGENTS ? true : undefined), 40_000);
  const ping = async (environment: CreatedEnvironment | undefined): Promise<number> => (await api.call('GET', `/environments/${String(environment?.id)}/docker/version`)).status;
  const typesOf = async (after: string): Promise<readonly string[]> => (await api.events(`after=${after}`)).map(({ type }) => type);

  it('is backed up while it serves, into a file for its owner alone', async () => {
    expect(await ping(environments[0])).to.equal(200);
    // The agents' join tokens pin the former one.
    expect((await api.call('POST', '/settings/tunnel-certificate/rotate', {})).status).to.equal(200);
    const { code, stderr } = await runHomeport(['backup', backup, '--data-dir', server.dataDir]);
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('It holds secrets');
    expect(statSync(backup).mode & 0o777).to.equal(0o600);
  });

  it('goes on from the backup: all fifty agents are back untouched, tunnels open, keys and certificates hold, and its checkpoints fit', async () => {
    const { httpsPort, tunnelPort } = server;
    const ca = server.ca();
    // What is recorded elsewhere stays there, the end of it too.
    const end = (await api.events('order=desc&limit=1'))[0]?.position ?? '';
    const env = await storeElsewhere(server.dataDir);
    await server.kill();
    const dataDir = path.join(folder.path, 'two');
    const restored = await runHomeport(['restore', backup, '--data-dir', dataDir]);
    expect(restored.code, restored.stderr).to.equal(0);
    expect(restored.stdout).to.match(/^Restored the backup of .* into /);
    expect((await runHomeport(['restore', backup, '--data-dir', dataDir])).stderr).to.match(/^homeport: .* holds an installation already\. Name a new --data-dir/);
    const verified = await runHomeport(['events', 'verify', '--data-dir', dataDir]);
    if (isStoreElsewhere) expect(verified.stderr).to.include('records in an EventStoreDB, which has no chain');
    else expect(verified.code, verified.stderr + verified.stdout).to.equal(0);

    const [, position = end] = /up to position ([\d,]+)/.exec(restored.stdout) ?? [];
    server = started.adopt(await startHomeport({ dataDir, httpsPort, tunnelPort, env }), (one) => one.remove());
    expect([server.admin, server.ca()]).to.deep.equal([undefined, ca]);
    await allUp();
    expect(await Promise.all(environments.slice(0, 5).map(ping))).to.deep.equal([200, 200, 200, 200, 200]);
    const since = new Set(await typesOf(position.replaceAll(',', '')));
    for (const trouble of ['AgentAssociated', 'DuplicateAgentDetected', 'PollRejected', 'TunnelCredentialsRefused', 'TunnelOpenFailed']) expect([...since]).to.not.include(trouble);
    // The public half of the key is the same.
    if (!isStoreElsewhere) expect(readFileSync(path.join(dataDir, 'checkpoint-key.pub'), 'utf8')).to.equal(readFileSync(path.join(folder.path, 'one', 'checkpoint-key.pub'), 'utf8'));
  });
});
