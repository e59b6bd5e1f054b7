/** Agents behind a real Squid that asks for a password and knows which ports it may connect to. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { encodeJoinToken, parseJoinToken } from '../../proto/join-token.ts';
import { startEngine } from '../agent/support/engine-double.ts';
import type { EngineDouble } from '../agent/support/engine-double.ts';
import { runProcess } from '../support/child-process.ts';
import type { Finished, RunningProcess } from '../support/child-process.ts';
import { eventually } from '../support/eventually.ts';
import { findSecrets } from '../support/secret-search.ts';
import { startSquid } from '../support/squid.ts';
import type { Squid } from '../support/squid.ts';
import type { CreatedEnvironment } from './failures/support/api.ts';
import { dockerPath, startSite } from './failures/support/site.ts';
import type { Site } from './failures/support/site.ts';

const AGENT = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));
const [USERNAME, PASSWORD, WRONG_PASSWORD] = ['factory', 'pa%ss:w@rd of the proxy', 'none-of-its-passwords'];

describe('behind Squid', function () {
  this.timeout(60_000);
  let site: Site;
  let squid: Squid;
  let engine: EngineDouble;
  let agents: RunningProcess[] = [];

  before(async function () {
    site = await startSite();
    const { httpsPort, tunnelPort } = site.server();
    squid = await startSquid(this, { username: USERNAME, password: PASSWORD, ports: [httpsPort, tunnelPort] });
    engine = await startEngine(path.join(site.folder, 'docker.sock'));
  });
  afterEach(async () => {
    for (const agent of agents) await agent.stop();
    agents = [];
  });
  after(async () => {
    await engine.close();
    await squid.stop();
    await site.stop();
  });

  const proxyUrl = (password = PASSWORD): string => `http://${USERNAME}:${encodeURIComponent(password)}@127.0.0.1:${squid.port}`;
  const addresses = () => ({ api: `127.0.0.1:${site.server().httpsPort}`, tunnel: `127.0.0.1:${site.server().tunnelPort}` });

  function create(name: string): Promise<CreatedEnvironment> {
    const { api, tunnel } = addresses();
    return site.api.createEnvironment({ name, address: api, tunnelAddress: tunnel });
  }

  function start(environment: CreatedEnvironment, env: Readonly<Record<string, string>>): RunningProcess {
    const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/docker.sock`, ...env });
    agents.push(agent);
    return agent;
  }

  function doctor(environment: CreatedEnvironment, env: Readonly<Record<string, string>>): Promise<Finished> {
    const given = { EDGE_ID: environment.issuedEdgeId, EDGE_KEY: environment.joinToken, EDGE_INSECURE_POLL: '1', DOCKER_HOST: `unix://${site.folder}/docker.sock` };
    return runProcess(process.execPath, [AGENT, 'doctor'], { env: { ...given, ...env } });
  }

  const read = async (environment: CreatedEnvironment): Promise<EnvironmentHealth> => (await site.api.call('GET', `/environments/${environment.id}`)).body as EnvironmentHealth;

  function untilUp(environment: CreatedEnvironment): Promise<EnvironmentHealth> {
    return eventually(`${environment.name} to be up`, async () => {
      const now = await read(environment);
      return now.heartbeat.state === 'up' ? now : undefined;
    });
  }

  for (const variable of ['HTTPS_PROXY', 'https_proxy']) {
    it(`an agent with ${variable} polls and opens its tunnel through it, the fetch of the pin included`, async () => {
      const environment = await create(`by ${variable === 'HTTPS_PROXY' ? 'upper' : 'lower'} case`);
      const before = squid.asked().length;
      const agent = start(environment, { [variable]: proxyUrl() });
      const { status, body } = await eventually('a call through the tunnel', async () => {
        const called = await site.api.call('GET', dockerPath(environment, '/version'));
        return called.status === 200 ? called : undefined;
      });
      expect({ status, said: String(body).includes('28.2.2') }).to.deep.equal({ status: 200, said: true });
      await agent.stop();
      // Squid writes a tunnel down when it ends: for either port the certificate's fetch, and the connection itself.
      const { api, tunnel } = addresses();
      const asked = await eventually('Squid to write all of it down', () => (squid.asked().length >= before + 4 ? squid.asked().slice(before) : undefined));
      expect(asked.toSorted()).to.deep.equal([api, api, tunnel, tunnel].map((target) => `TCP_TUNNEL/200 CONNECT ${target} ${USERNAME}`).toSorted());
      expect(findSecrets({ PASSWORD }, { log: agent.stderr() + agent.stdout() })).to.deep.equal([]);
    });
  }

  it('a wrong password is named as such by the agent and by its doctor, and written nowhere', async () => {
    const environment = await create('wrong password');
    const env = { HTTPS_PROXY: proxyUrl(WRONG_PASSWORD) };
    const agent = start(environment, env);
    await agent.waitFor(/"code":"proxy-unauthorized".*the proxy answered 407 .*does not take this user name and password/);
    const { code, stdout, stderr } = await doctor(environment, env);
    expect(stdout).to.match(/^FAILED {2}proxy .*answered 407/m).and.contain('First failure: proxy (proxy-unauthorized)');
    expect(code).to.equal(1);
    expect(findSecrets({ WRONG_PASSWORD }, { log: agent.stderr(), doctor: stdout + stderr })).to.deep.equal([]);
    expect((await read(environment)).heartbeat.state).to.equal('never');
  });

  it('where it forbids the tunnel port the heartbeat is up, the tunnel says why, and so does the doctor; it works once allowed', async () => {
    const environment = await create('one port');
    const { httpsPort, tunnelPort } = site.server();
    await squid.allowPorts([httpsPort]);
    try {
      const env = { HTTPS_PROXY: proxyUrl() };
      start(environment, env);
      await untilUp(environment);
      await site.api.call('POST', `/environments/${environment.id}/connection`);
      const failed = await eventually('the tunnel to fail', async () => {
        const now = await read(environment);
        return now.tunnel.lastFailure === null ? undefined : now;
      });
      expect(failed.heartbeat).to.include({ state: 'up', lastFailure: null });
      expect(failed.tunnel.lastFailure).to.include({ reason: 'proxy-refused' });
      const { code, stdout } = await doctor(environment, env);
      expect(stdout).to.match(new RegExp(`^FAILED  proxy .*answered 403 to CONNECT ${addresses().tunnel}`, 'm')).and.contain('First failure: proxy (proxy-refused)');
      expect(code).to.equal(1);
    } finally {
      await squid.allowPorts([httpsPort, tunnelPort]);
    }
    await eventually('a call through the tunnel', async () => ((await site.api.call('GET', dockerPath(environment, '/version'))).status === 200 ? true : undefined), 40_000);
  });

  it('the doctor names the port, not the proxy, where the proxy finds nobody there', async () => {
    const environment = await create('nobody there');
    await squid.allowPorts([1, site.server().tunnelPort]);
    try {
      const token = encodeJoinToken({ ...parseJoinToken(environment.joinToken), apiUrl: 'https://127.0.0.1:1' });
      const { stdout } = await doctor(environment, { HTTPS_PROXY: proxyUrl(), EDGE_KEY: token });
      expect(stdout).to.match(/^FAILED {2}api-port .*answered 503/m).and.contain('First failure: api-port (proxy-cannot-connect)');
    } finally {
      await squid.allowPorts([site.server().httpsPort, site.server().tunnelPort]);
    }
  });

  it('NO_PROXY goes around it, in upper and lower case: by host, network and port', async () => {
    const environment = await create('around');
    const before = squid.asked().length;
    const { httpsPort, tunnelPort } = site.server();
    const nobody = { HTTPS_PROXY: 'http://127.0.0.1:1' };
    for (const noProxy of ['127.0.0.1', 'intranet.example, 127.0.0.0/8', `127.0.0.1:${httpsPort} 127.0.0.1:${tunnelPort}`, '*']) {
      for (const name of ['NO_PROXY', 'no_proxy']) {
        const { code, stdout } = await doctor(environment, { ...nobody, [name]: noProxy });
        expect({ code, wasWell: stdout.includes('All is well') }, `${name}=${noProxy}: ${stdout}`).to.deep.equal({ code: 0, wasWell: true });
      }
    }
    // The one port without the other is not enough.
    const { stdout } = await doctor(environment, { ...nobody, NO_PROXY: `127.0.0.1:${httpsPort}` });
    expect(stdout).to.contain('First failure: proxy (proxy-unreachable)');
    start(environment, { HTTPS_PROXY: proxyUrl(), NO_PROXY: '127.0.0.0/8' });
    await untilUp(environment);
    expect(squid.asked().slice(before)).to.deep.equal([]);
  });
});

/** What this suite reads of an environment. */
interface EnvironmentHealth {
  readonly heartbeat: { readonly state: string; readonly lastFailure: unknown };
  readonly tunnel: { readonly lastFailure: { readonly reason: string } | null };
}
