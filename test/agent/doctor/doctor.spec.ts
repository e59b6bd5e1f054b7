/** What `homeport agent doctor` finds where one thing is broken, with a real control plane's ports. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { encodeJoinToken, parseJoinToken } from '../../../proto/join-token.ts';
import type { JoinToken } from '../../../proto/join-token.ts';
import { startEngine } from '../support/engine-double.ts';
import type { EngineDouble } from '../support/engine-double.ts';
import { runProcess } from '../../support/child-process.ts';
import type { Finished } from '../../support/child-process.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { runHomeport } from '../../support/homeport.ts';
import { startSite } from '../../e2e/failures/support/site.ts';
import type { Site } from '../../e2e/failures/support/site.ts';
import type { CreatedEnvironment } from '../../e2e/failures/support/api.ts';

const STANDALONE = fileURLToPath(new URL('../../../agent/standalone.ts', import.meta.url));

describe('homeport agent doctor', function () {
  this.timeout(40_000);
  let site: Site;
  let stopSite: Site['stop'] | undefined;
  let engine: EngineDouble | undefined;
  let environment: CreatedEnvironment;
  let socketPath: string;

  before(async () => {
    site = await startSite();
    stopSite = site.stop;
    socketPath = path.join(site.folder, 'docker.sock');
    engine = await startEngine(socketPath);
    environment = await site.api.createEnvironment({ name: 'doctored' });
  });
  after(async () => {
    await engine?.close();
    await stopSite?.();
  });

  function token(changes: Partial<JoinToken> = {}): string {
    return encodeJoinToken({ ...parseJoinToken(environment.joinToken), ...changes });
  }

  function doctor(env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const given = { EDGE_ID: environment.issuedEdgeId, EDGE_KEY: environment.joinToken, EDGE_CA_FILE: path.join(site.server().dataDir, 'tls', 'ca.pem'), DOCKER_HOST: `unix://${socketPath}` };
    return runHomeport(['agent', 'doctor'], { env: { ...given, ...env } });
  }

  async function expectFailure(env: Readonly<Record<string, string>>, check: string, code: string, fix: RegExp): Promise<string> {
    const { code: exitCode, stdout } = await doctor(env);
    expect(stdout).to.match(new RegExp(`^FAILED  ${check} `, 'm'));
    expect(stdout).to.contain(`First failure: ${check} (${code})`).and.match(fix);
    expect(stdout.match(/^FAILED/gm)).to.have.length(1);
    expect(stdout).to.not.contain(environment.joinToken);
    expect(exitCode).to.equal(1);
    return stdout;
  }

  it('says that all is well, by authority and by fingerprint, and takes part in nothing', async () => {
    for (const env of [{}, { EDGE_INSECURE_POLL: '1' }]) {
      const { code, stdout, stderr } = await doctor(env);
      expect(stdout, stderr).to.match(/All is well/);
      expect(code).to.equal(0);
    }
    const types = (await site.api.events(`environment=${environment.id}`)).map(({ type }) => type);
    expect(types).to.deep.equal(['EnvironmentCreated']);
  });

  it('is in the single-file agent too, and takes its flags on either side of its name', async () => {
    const flags = ['--edge-key', environment.joinToken, '--edge-insecure-poll', '1', '--docker-host', `unix://${socketPath}`];
    const { code, stdout } = await runProcess(process.execPath, [STANDALONE, '--edge-id', environment.issuedEdgeId, 'doctor', ...flags]);
    expect(stdout).to.match(/All is well/);
    expect(code).to.equal(0);
    const misused = await runProcess(process.execPath, [STANDALONE, 'doctor', '--no-such-flag']);
    expect([misused.code, misused.stderr]).to.deep.equal([2, "homeport-agent: unknown option '--no-such-flag'; see homeport-agent --help\n"]);
  });

  it('names what the agent keeps in DATA_PATH where that cannot be read', async () => {
    const dataPath = path.join(site.folder, 'kept');
    mkdirSync(dataPath);
    writeFileSync(path.join(dataPath, `endpoints-${environment.id}.json`), '{"format":');
    await expectFailure({ DATA_PATH: dataPath }, 'data-path', 'data-path-unreadable', /endpoints-\w+\.json: .*remove the file/s);
    rmSync(dataPath, { recursive: true });
  });

  it('names a host of the control plane that no name server knows', async () => {
    await expectFailure({ EDGE_KEY: token({ apiUrl: 'https://control-plane.invalid:9443' }) }, 'dns', 'name-not-found', /control-plane\.invalid/);
  });

  it('names a proxy that is not there, one that refuses, and not one that can not reach the port', async () => {
    await expectFailure({ HTTPS_PROXY: 'http://127.0.0.1:1' }, 'proxy', 'proxy-unreachable', /NO_PROXY/);
    for (const [status, check, code] of [[403, 'proxy', 'proxy-refused'], [407, 'proxy', 'proxy-unauthorized'], [502, 'api-port', 'proxy-cannot-connect']] as const) {
      const proxy = await startConnectProxy({ status });
      try {
        await expectFailure({ HTTPS_PROXY: `http://user:secretword@127.0.0.1:${proxy.port}` }, check, code, new RegExp(`answered ${status}`));
      } finally {
        proxy.stop();
      }
    }
  });

  it('names the API port where nothing listens there', async () => {
    await expectFailure({ EDGE_KEY: token({ apiUrl: 'https://127.0.0.1:1' }) }, 'api-port', 'connection-refused', /127\.0\.0\.1:1/);
  });

  it('names the certificate: of no known authority, or of something that is no control plane', async () => {
    const own = { EDGE_CA_FILE: '' };
    await expectFailure(own, 'certificate', 'certificate-untrusted', /EDGE_INSECURE_POLL=1/);
    const mute = net.createServer((socket) => void socket.on('error', () => undefined).end('220 mail.example ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as net.AddressInfo;
    await expectFailure({ EDGE_KEY: token({ apiUrl: `https://127.0.0.1:${port}` }) }, 'certificate', 'not-tls', /does not speak TLS/);
    mute.close();
  });

  it('names the tunnel port where nothing listens there', async () => {
    await expectFailure({ EDGE_KEY: token({ tunnelAddress: '127.0.0.1:1' }) }, 'tunnel-port', 'connection-refused', /127\.0\.0\.1:1/);
  });

  it('names a tunnel certificate that is not the one the join token pins', async () => {
    await expectFailure({ EDGE_KEY: token({ tunnelFingerprint: Buffer.alloc(32, 7).toString('base64') }) }, 'pin', 'fingerprint-mismatch', /EDGE_KEY/);
  });

  it('names the credentials: a wrong secret, an unknown environment, and an Edge ID of another agent', async () => {
    await expectFailure({ EDGE_KEY: token({ joinSecret: Buffer.alloc(32, 9) }) }, 'credentials', 'wrong-join-secret', /copy the current one/);
    await expectFailure({ EDGE_KEY: token({ environmentId: 'nowhere' }) }, 'credentials', 'unknown-environment', /use the token of one that it has/);
    const strict = await site.api.createEnvironment({ name: 'strict', requireIssuedEdgeId: true });
    const other = { EDGE_KEY: strict.joinToken, EDGE_ID: '00000000-0000-4000-8000-000000000000' };
    await expectFailure(other, 'credentials', 'edge-id-mismatch', /EDGE_ID/);
  });

  it('names the Docker socket: absent, not allowed, or without an engine behind it', async () => {
    await expectFailure({ DOCKER_HOST: `unix://${site.folder}/no.sock` }, 'docker-socket', 'docker-socket-missing', /DOCKER_HOST/);
    const unwell = path.join(site.folder, 'unwell.sock');
    const server = net.createServer((socket) => void socket.on('error', () => undefined).end('no\r\n\r\n')).listen(unwell);
    await once(server, 'listening');
    await expectFailure({ DOCKER_HOST: `unix://${unwell}` }, 'docker-socket', 'docker-socket-unwell', /look at its own log/);
    if (process.getuid?.() !== 0) {
      chmodSync(unwell, 0);
      await expectFailure({ DOCKER_HOST: `unix://${unwell}` }, 'docker-socket', 'docker-socket-denied', /as a user that may/);
    }
    server.close();
    rmSync(unwell, { force: true });
  });

  it('finds nothing wrong with a join token that is older than the tunnel certificate', async () => {
    await site.api.call('POST', '/settings/tunnel-certificate/rotate');
    for (const env of [{}, { EDGE_INSECURE_POLL: '1' }]) expect((await doctor(env)).stdout).to.match(/All is well/);
    await site.api.call('DELETE', '/settings/tunnel-certificate/formers');
    for (const env of [{}, { EDGE_INSECURE_POLL: '1' }]) expect((await doctor(env)).stdout).to.match(/All is well/);
  });

  it('refuses options that can not be used with code 2, as the agent does', async () => {
    const { code, stdout, stderr } = await doctor({ EDGE_ID: 'factory-7' });
    expect([code, stdout]).to.deep.equal([2, '']);
    expect(stderr).to.match(/^homeport agent doctor: /);
  });
});
