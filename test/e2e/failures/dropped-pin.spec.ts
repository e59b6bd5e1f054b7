/** A tunnel key that leaked, and a man in the middle who has it: what he sits in ends as soon as agents are told that the key counts no more. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { createTcpRelay, createTlsRelay } from '../../support/relays.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { startRecordedEngine } from '../../wire/engine.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';
import type { CreatedEnvironment } from './support/api.ts';

describe('a tunnel key that leaked', function () {
  this.timeout(90_000);
  let site: Site;
  const cleanUps: (() => unknown)[] = [];
  const atTheEnd = (cleanUp: () => unknown): void => void cleanUps.unshift(cleanUp);

  beforeEach(async () => {
    site = await startSite();
    atTheEnd(() => site.stop());
    const engine = await startRecordedEngine(path.join(site.folder, 'engine.sock'));
    atTheEnd(() => engine.close());
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  function startAgent(environment: CreatedEnvironment) {
    const folder = createTemporaryFolder();
    atTheEnd(() => folder.remove());
    const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/engine.sock`, DATA_PATH: folder.path });
    atTheEnd(() => agent.stop('SIGKILL'));
    return agent;
  }

  const isAnswered = (environment: CreatedEnvironment): Promise<true> =>
    eventually('an answer of the engine', async () => ((await site.api.call('GET', dockerPath(environment, '/containers/json'))).status === 200 ? true : undefined), 40_000);
  const rotate = (body: object) => site.api.call('POST', '/settings/tunnel-certificate/rotate', body);
  const opened = (environment: CreatedEnvironment) => site.api.events(`environment=${environment.id}&type=TunnelOpened`);

  it('keeps nobody in a tunnel that was made under it, nor in the polls it proved, and what is required opens again by the new one', async () => {
    const { dataDir, tunnelPort, httpsPort } = site.server();
    const tls = (name: string): string => readFileSync(path.join(dataDir, 'tls', name), 'utf8');
    // He shows the very certificate that the join token pins.
    const man = await createTlsRelay({ host: '127.0.0.1', port: tunnelPort }, { key: tls('tunnel.key'), cert: tls('tunnel.pem') }, ['h2']);
    atTheEnd(() => man.close().catch(() => undefined));
    const polls = await createTcpRelay({ host: '127.0.0.1', port: httpsPort });
    atTheEnd(() => polls.close().catch(() => undefined));
    const environment = await site.api.createEnvironment({ name: 'man in the middle', pollIntervalSeconds: 60, address: `localhost:${polls.port}`, tunnelAddress: `localhost:${man.port}`, allowLoopback: true });
    const direct = await site.api.createEnvironment({ name: 'nobody in the middle', pollIntervalSeconds: 60 });
    const [agent, other] = [startAgent(environment), startAgent(direct)];
    await isAnswered(environment);
    await isAnswered(direct);
    const connections = polls.connections();
    expect(man.sentByClients().length).to.be.above(0);

    // As long as the former one is accepted nothing is cut.
    expect((await rotate({ formerAcceptedSeconds: 3600 })).status).to.equal(200);
    await agent.waitFor(/the control plane named its addresses and certificates/);
    await other.waitFor(/the control plane named its addresses and certificates/);
    await isAnswered(environment);
    expect([(await opened(environment)).length, polls.connections()]).to.deep.equal([1, connections]);

    expect((await rotate({ formerAcceptedSeconds: 0 })).status).to.equal(200);
    await agent.waitFor(/"reason":"pin-dropped".*tunnel ended/);
    await other.waitFor(/"reason":"pin-dropped".*tunnel ended/);
    await agent.waitFor(/proven by a key that is accepted no more/);
    await isAnswered(direct);
    expect(await opened(direct)).to.have.length(2);
    // His tunnel can't be opened again: what he shows is known for what it is, and he is asked in vain.
    await eventually('a refusal of his certificate', async () => {
      await site.api.call('POST', `/environments/${environment.id}/connection`);
      return (await site.api.events(`environment=${environment.id}&type=TunnelOpenFailed`)).some(({ data }) => data['reason'] === 'fingerprint-mismatch') || undefined;
    }, 40_000);
    expect(await opened(environment)).to.have.length(1);
    expect(polls.connections()).to.be.above(connections);
  });
});
