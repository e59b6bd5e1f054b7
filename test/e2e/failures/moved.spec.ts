/** A control plane that moves, and one whose tunnel certificate is rotated: no device is visited, and nothing that runs is cut. */
import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { parseJoinToken } from '../../../proto/join-token.ts';
import type { RunningProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { createTcpRelay } from '../../support/relays.ts';
import type { Relay } from '../../support/relays.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { WritingStep } from './support/dies-writing.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';
import type { CreatedEnvironment } from './support/api.ts';

/** How often the engine's log has another line. */
const LINE_MS = 20;
const ACCEPTED_MS = 30 * 86_400_000;
const DIES_WRITING = new URL('support/dies-writing.ts', import.meta.url).href;
/** The key appears under a temporary name, then under its own; then its certificate. After each, what is left behind. */
const STEPS: readonly (readonly [WritingStep, readonly string[]])[] = [
  ['key begun', ['.key.temporary']],
  ['key named', ['.key']],
  ['certificate named', ['.key', '.pem']],
];

interface ShownCertificate {
  readonly fingerprint: string;
  readonly formers: readonly { readonly fingerprint: string; readonly acceptedUntil: string }[];
}

describe('a control plane that moves', function () {
  this.timeout(90_000);
  let site: Site;
  let stopSite: Site['stop'] | undefined;
  let engine: http.Server | undefined;
  let dockerHost: string;
  /** Where the step is said at which the server is to die. */
  let stepFile: string;
  let stepFolder: TemporaryFolder | undefined;
  const cleanUps: (() => unknown)[] = [];
  const atTheEnd = (cleanUp: () => unknown): void => void cleanUps.unshift(cleanUp);

  before(async () => {
    stepFolder = createTemporaryFolder();
    stepFile = path.join(stepFolder.path, 'step');
    site = await startSite({ env: { NODE_OPTIONS: `--import=${DIES_WRITING}`, DIES_AT_STEP: stepFile } });
    stopSite = site.stop;
    engine = startEngine(path.join(site.folder, 'engine.sock'));
    await once(engine, 'listening');
    dockerHost = `unix://${site.folder}/engine.sock`;
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });
  after(async () => {
    engine?.close();
    engine?.closeAllConnections();
    await stopSite?.();
    stepFolder?.remove();
  });

  async function relayTo(port: number): Promise<Relay> {
    const relay = await createTcpRelay({ host: '127.0.0.1', port });
    atTheEnd(() => relay.close().catch(() => undefined));
    return relay;
  }

  /** An agent with a DATA_PATH of its own, so that each test begins with what the join token says. */
  function agentOf(environment: CreatedEnvironment): { readonly start: () => RunningProcess } {
    const folder = createTemporaryFolder();
    atTheEnd(() => folder.remove());
    return {
      start() {
        const agent = site.startAgent(environment, { DOCKER_HOST: dockerHost, DATA_PATH: folder.path });
        atTheEnd(() => agent.stop('SIGKILL'));
        return agent;
      },
    };
  }

  const ping = (environment: CreatedEnvironment): Promise<true> =>
    eventually('an answer of the engine', async () => ((await site.api.call('GET', dockerPath(environment, '/_ping'))).status === 200 ? true : undefined), 40_000);
  const certificate = async (): Promise<ShownCertificate> => (await site.api.call('GET', '/settings/tunnel-certificate')).body as ShownCertificate;
  /** The files of tunnel identities but the first one's, in order. */
  const laterFiles = (): readonly string[] => readdirSync(path.join(site.server().dataDir, 'tls')).filter((name) => name.startsWith('tunnel-')).sort();
  const rotate = (body: object = {}) => site.api.call('POST', '/settings/tunnel-certificate/rotate', body);

  it('takes its agents along to another address, for good', async () => {
    const { httpsPort, tunnelPort } = site.server();
    const [api, tunnels] = [await relayTo(httpsPort), await relayTo(tunnelPort)];
    const [nextApi, nextTunnels] = [await relayTo(httpsPort), await relayTo(tunnelPort)];
    const environment = await site.api.createEnvironment({ name: 'moved', pollIntervalSeconds: 60, address: `127.0.0.1:${api.port}`, tunnelAddress: `127.0.0.1:${tunnels.port}` });
    const agent = agentOf(environment);
    const first = agent.start();
    await ping(environment);
    expect([api.connections() > 0, tunnels.connections() > 0, nextApi.connections(), nextTunnels.connections()]).to.deep.equal([true, true, 0, 0]);

    const changed = await site.api.call('PATCH', `/environments/${environment.id}`, { address: `localhost:${nextApi.port}`, tunnelAddress: `localhost:${nextTunnels.port}`, allowLoopback: true });
    expect(changed.status).to.equal(200);
    // At once, though it polls once a minute.
    await first.waitFor(/the new address of the control plane works/);
    await api.close();
    await tunnels.close();
    await ping(environment);
    expect(nextTunnels.connections()).to.be.above(0);
    await first.stop();

    const second = agent.start();
    await ping(environment);
    expect(second.stderr()).not.to.contain('connection-refused');
    expect(await site.api.events(`environment=${environment.id}&type=NewAddressFailed`)).to.deep.equal([]);
  });

  it('shows that an agent can not use the address it was given, and that the agent is up all the same, until it can', async () => {
    const environment = await site.api.createEnvironment({ name: 'wrong address', pollIntervalSeconds: 1 });
    const agent = agentOf(environment).start();
    await ping(environment);
    const port = (await relayTo(1)).port;
    await site.api.call('PATCH', `/environments/${environment.id}`, { address: `localhost:${port}`, tunnelAddress: `localhost:${site.server().tunnelPort}`, allowLoopback: true });
    const shown = await eventually('the failure', async () => {
      const { body } = await site.api.call('GET', `/environments/${environment.id}`);
      const { status, agents } = body as { status: string; agents: readonly { addressFailure: { address: string; port: string; reason: string } | null }[] };
      const failure = agents[0]?.addressFailure;
      return failure === null || failure === undefined ? undefined : { status, ...failure };
    }, 40_000);
    expect(shown).to.include({ status: 'up', address: `localhost:${port}`, port: 'api' });
    await agent.waitFor(/the new address of the control plane cannot be used/);
    await ping(environment);

    await site.api.call('PATCH', `/environments/${environment.id}`, { address: `localhost:${site.server().httpsPort}`, allowLoopback: true });
    await eventually('the end of the failure', async () => {
      const { body } = await site.api.call('GET', `/environments/${environment.id}`);
      return (body as { agents: readonly { addressFailure: unknown }[] }).agents[0]?.addressFailure === null ? true : undefined;
    }, 40_000);
  });

  it('names a new address in the certificate of its API from then on, without a restart and after one', async () => {
    const environment = await site.api.createEnvironment({ name: 'another name' });
    const names = async () => (await shownBy(site.server().httpsPort)).subjectAltName ?? '';
    expect(await names()).not.to.contain('moved.example');
    await site.api.call('PATCH', `/environments/${environment.id}`, { address: 'moved.example:9443' });
    expect(await names()).to.contain('DNS:moved.example');
    await site.server().stop();
    rmSync(path.join(site.server().dataDir, 'tls', 'api.pem'));
    await site.restart();
    expect(await names()).to.contain('DNS:moved.example');
  });

  it('rotates its tunnel certificate without cutting a stream, and shows the new one from the next connection on', async () => {
    const environment = await site.api.createEnvironment({ name: 'rotated', pollIntervalSeconds: 60 });
    agentOf(environment).start();
    await ping(environment);
    const before = await certificate();
    const stream = await site.api.open('GET', dockerPath(environment, '/containers/box/logs'));
    atTheEnd(() => stream.destroy());
    let lines = 0;
    stream.on('data', (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1));

    const rotatedFromMs = Date.now();
    expect((await rotate()).status).to.equal(200);
    const { fingerprint, formers } = await certificate();
    expect(fingerprint).not.to.equal(before.fingerprint);
    const former = formers.find((one) => one.fingerprint === before.fingerprint);
    // Thirty days, where nothing else is asked for.
    expect(Date.parse(former?.acceptedUntil ?? '')).to.be.within(rotatedFromMs + ACCEPTED_MS, Date.now() + ACCEPTED_MS);
    expect(await shownFingerprint(site.server().tunnelPort)).to.equal(fingerprint);
    const linesThen = lines;
    await eventually('more of the stream', () => (lines > linesThen + 20 ? true : undefined));
    expect(await site.api.events(`environment=${environment.id}&type=TunnelLost`)).to.deep.equal([]);

    // The next tunnel goes by the new certificate.
    expect((await site.api.call('DELETE', `/environments/${environment.id}/connection`)).status).to.be.oneOf([200, 204]);
    await ping(environment);
    expect(await site.api.events(`environment=${environment.id}&type=TunnelOpened`)).to.have.length(2);
    expect(await site.api.events(`environment=${environment.id}&type=TunnelOpenFailed`)).to.deep.equal([]);
    const { body } = await site.api.call('GET', `/environments/${environment.id}/deployment`);
    expect(parseJoinToken((body as { joinToken: string }).joinToken).tunnelFingerprint).to.equal(fingerprint);
  });

  it('killed at the moment a new key is written, loses no agent, neither one that runs nor one that comes back with an older token', async () => {
    const environment = await site.api.createEnvironment({ name: 'killed', pollIntervalSeconds: 1 });
    const running = agentOf(environment).start();
    await ping(environment);
    const before = laterFiles();
    for (const [step, left] of STEPS) {
      writeFileSync(stepFile, step);
      const answer = await rotate().then(({ status }) => status, () => 'none');
      expect(answer, step).to.equal('none');
      expect((await site.server().process.ended).signal).to.equal('SIGKILL');
      const made = laterFiles().filter((name) => !before.includes(name));
      expect(made.map((name) => name.replace(/^tunnel-[0-9a-f]{16}/, '').replace(/\.[0-9a-f]{12}$/, '.temporary')), step).to.deep.equal(left);
      rmSync(stepFile);
      await site.restart();
      expect(laterFiles(), 'what a rotation that was never recorded left').to.deep.equal(before);
      expect(await shownFingerprint(site.server().tunnelPort)).to.equal((await certificate()).fingerprint);
      await ping(environment);
    }
    await running.stop();
    agentOf(environment).start();
    await ping(environment);
  });

  for (const insecure of ['1', '0']) {
    it(`loses no agent that was off while the certificate was rotated twice, its key said to have leaked, and the server killed (EDGE_INSECURE_POLL=${insecure})`, async () => {
      const environment = await site.api.createEnvironment({ name: `off meanwhile ${insecure}`, pollIntervalSeconds: 60 });
      const folder = createTemporaryFolder();
      atTheEnd(() => folder.remove());
      const start = () => {
        const byAuthority = insecure === '0' ? { EDGE_CA_FILE: path.join(site.server().dataDir, 'tls', 'ca.pem') } : {};
        const agent = site.startAgent(environment, { DOCKER_HOST: dockerHost, DATA_PATH: folder.path, EDGE_INSECURE_POLL: insecure, ...byAuthority });
        atTheEnd(() => agent.stop('SIGKILL'));
        return agent;
      };
      const first = start();
      await ping(environment);
      await first.stop();

      await rotate();
      expect((await rotate({ formerAcceptedSeconds: 0 })).status).to.equal(200);
      await site.server().kill();
      await site.restart();
      const { fingerprint, formers } = await certificate();
      expect(formers).to.deep.equal([]);
      expect(await shownFingerprint(site.server().tunnelPort)).to.equal(fingerprint);
      start();
      await ping(environment);
      expect(await site.api.events(`environment=${environment.id}&type=TunnelOpenFailed`)).to.deep.equal([]);
    });
  }
});

/** An engine that answers pings, and whose one container never stops talking. */
function startEngine(socketPath: string): http.Server {
  const server = http.createServer((request, response) => {
    if (!request.url?.endsWith('/logs')) return void response.end(request.url?.endsWith('/_ping') === true ? 'OK' : '{"Version":"1","ApiVersion":"1.50","Os":"linux","Arch":"amd64","Name":"box"}');
    const timer = setInterval(() => response.write('another line\n'), LINE_MS);
    response.on('close', () => clearInterval(timer));
  });
  return server.listen(socketPath);
}

/** The fingerprint of what a tunnel port shows. */
async function shownFingerprint(port: number): Promise<string> {
  return createHash('sha256').update((await shownBy(port)).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
}

/** The certificate that a port shows. */
async function shownBy(port: number): Promise<X509Certificate> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate();
  socket.destroy();
  if (shown === undefined) throw new Error('no certificate was shown');
  return shown;
}
