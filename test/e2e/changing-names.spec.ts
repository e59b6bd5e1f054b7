/** A control plane whose name leads elsewhere one day, or to several addresses of which one is dead. With a real resolver and DNS. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startEngine } from '../agent/support/engine-double.ts';
import type { EngineDouble } from '../agent/support/engine-double.ts';
import { startProcess } from '../support/child-process.ts';
import type { RunningProcess } from '../support/child-process.ts';
import { askingOnly, startDnsServer } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import { createLongLink } from '../support/long-link.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { silenceAddress } from '../support/silent-address.ts';
import type { CreatedEnvironment } from './failures/support/api.ts';
import { dockerPath, startSite } from './failures/support/site.ts';
import type { Site } from './failures/support/site.ts';

const AGENT = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));
const NAME_SERVER = '127.0.61.53';
const NAME = 'homeport.test';
const [FIRST, SECOND, NOBODYS, SILENT] = ['127.0.61.1', '127.0.61.2', '127.0.61.3', '127.0.61.4'];

describe('a control plane’s name', function () {
  this.timeout(60_000);
  let site: Site;
  let dns: DnsServer;
  let engine: EngineDouble;
  let cleanUps: (() => Promise<unknown>)[] = [];

  before(async function () {
    requireRealParts(this, 'unshare');
    site = await startSite();
    dns = await startDnsServer(NAME_SERVER);
    engine = await startEngine(path.join(site.folder, 'docker.sock'));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
    cleanUps = [];
  });
  after(async () => {
    await engine.close();
    await dns.close();
    await site.stop();
  });

  /** Both of the server's ports on another address. */
  async function serveOn(host: string): Promise<{ readonly connections: () => { readonly polls: number; readonly tunnels: number }; readonly close: () => Promise<void> }> {
    const { httpsPort, tunnelPort } = site.server();
    const [polls, tunnels] = [
      await createLongLink({ host: '127.0.0.1', port: httpsPort }, { host, port: httpsPort, oneWayMs: 0 }),
      await createLongLink({ host: '127.0.0.1', port: tunnelPort }, { host, port: tunnelPort, oneWayMs: 0 }),
    ];
    let isClosed = false;
    const close = async (): Promise<void> => {
      if (isClosed) return;
      isClosed = true;
      await Promise.all([polls.close(), tunnels.close()]);
    };
    cleanUps.push(close);
    return { connections: () => ({ polls: polls.connections(), tunnels: tunnels.connections() }), close };
  }

  async function create(name: string): Promise<CreatedEnvironment> {
    const { httpsPort, tunnelPort } = site.server();
    return site.api.createEnvironment({ name, address: `${NAME}:${httpsPort}`, tunnelAddress: `${NAME}:${tunnelPort}` });
  }

  function startAgent({ issuedEdgeId, joinToken }: CreatedEnvironment): RunningProcess {
    const env = { EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DATA_PATH: site.folder, DOCKER_HOST: `unix://${site.folder}/docker.sock` };
    const [program, ...args] = askingOnly(NAME_SERVER, site.folder, [process.execPath, AGENT]);
    const agent = startProcess(program, args, { env });
    cleanUps.unshift(() => agent.stop());
    return agent;
  }

  const untilItAnswers = (environment: CreatedEnvironment): Promise<true> =>
    eventually('a call through the tunnel', async () => ((await site.api.call('GET', dockerPath(environment, '/version'))).status === 200 ? true : undefined), 15_000);

  it('that leads to another address is followed by an agent that runs, for polls and tunnels', async () => {
    const first = await serveOn(FIRST);
    dns.records.set(NAME, [FIRST]);
    const environment = await create('moved');
    const agent = startAgent(environment);
    await untilItAnswers(environment);
    expect(first.connections().polls).to.be.at.least(1);
    const second = await serveOn(SECOND);
    dns.records.set(NAME, [SECOND]);
    const askedBefore = dns.asked(NAME);
    const beforeTheMove = first.connections();
    await first.close();
    // Half a second at first, at most five; its spread is nothing in so small a fleet.
    await eventually('the agent to come', () => (second.connections().polls > 0 ? true : undefined), 10_000);
    await untilItAnswers(environment);
    expect(second.connections().tunnels).to.be.at.least(1);
    expect(first.connections()).to.deep.equal(beforeTheMove);
    expect(dns.asked(NAME)).to.be.above(askedBefore);
    expect(agent.stderr().match(/agent started/g)).to.have.length(1);
  });

  for (const [what, dead] of [['refuses', NOBODYS], ['is silent', SILENT]] as const) {
    it(`with several addresses is reached by the one that works, where the first ${what}`, async () => {
      const { httpsPort, tunnelPort } = site.server();
      await serveOn(SECOND);
      if (dead === SILENT) {
        const silent = await silenceAddress(SILENT, [httpsPort, tunnelPort]);
        cleanUps.push(() => silent.stop());
      }
      dns.records.set(NAME, [dead, SECOND]);
      const environment = await create(`first ${what}`);
      const agent = startAgent(environment);
      await untilItAnswers(environment);
      expect(agent.stderr()).to.not.match(/"level":"warn"/);
      // What is left of attempts holds nobody: that of a silent address would last for a minute or two.
      expect(await agent.stop()).to.deep.equal({ code: 0, signal: null });
    });
  }
});
