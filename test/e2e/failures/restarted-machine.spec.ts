/** A machine that lost its power behind a router that keeps its connections: nobody tells the control plane that they are dead. */
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { createTcpRelay } from '../../support/relays.ts';
import type { Relay } from '../../support/relays.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../../web-gateway/support/fake-engine.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

/** A keep-alive finds out after 28 s; whoever waits for the tunnel must not. */
const ANSWERED_WITHIN_MS = 15_000;

describe('a machine that is restarted behind a link that went dead', function () {
  this.timeout(60_000);
  let engine: FakeEngine | undefined;
  let site: Site | undefined;
  const relays: Relay[] = [];

  after(async () => {
    for (const relay of relays) await relay.close();
    await site?.stop();
    await engine?.close();
  });

  it('serves requests again seconds after its agent polls, though its former tunnel still looks open', async () => {
    const { api, server, startAgent, folder } = (site = await startSite());
    const { httpsPort, tunnelPort } = server();
    const dockerSocket = path.join(folder, 'engine.sock');
    engine = await startHttpEngine(dockerSocket, (_req, res) => void res.end('OK'));
    for (const port of [httpsPort, tunnelPort]) relays.push(await createTcpRelay({ host: 'localhost', port }));
    const [polls, tunnels] = relays;
    const environment = await api.createEnvironment({ name: 'remote', address: `localhost:${String(polls?.port)}`, tunnelAddress: `localhost:${String(tunnels?.port)}` });
    const before = startAgent(environment, { DOCKER_HOST: `unix://${dockerSocket}` });
    const ping = async () => (await api.call('GET', dockerPath(environment, '/_ping'))).status;
    await eventually('a tunnel', async () => ((await ping()) === 200 ? true : undefined), 20_000);

    for (const relay of relays) relay.swallow();
    await before.stop('SIGKILL');
    const after = startAgent(environment, { DOCKER_HOST: `unix://${dockerSocket}` });
    await after.waitFor(/polling the control plane/);
    const askedAt = performance.now();
    // Not on a channel that is kept for the next call: the engine may be at work on what was sent there.
    expect((await api.call('POST', dockerPath(environment, '/containers/prune'))).status).to.equal(200);
    expect(performance.now() - askedAt, 'milliseconds').to.be.below(ANSWERED_WITHIN_MS);

    const history = (await api.events(`stream=tunnel-${environment.id}`)).map(({ type }) => type);
    expect(history.slice(3)).to.deep.equal(['TunnelLost', 'TunnelCredentialsRevoked', 'TunnelCredentialsIssued', 'TunnelOpened']);
    await after.stop();
  });
});
