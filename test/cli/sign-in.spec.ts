/** Signing in and out from the command line, and what is kept of it. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { expect } from 'chai';
import { startOnTerminal } from '../e2e/docker/support/terminal.ts';
import { makeServerCertificate } from '../support/certificates.ts';
import { runHomeport, startHomeport } from '../support/homeport.ts';
import type { HomeportServer } from '../support/homeport.ts';
import type { Finished } from '../support/child-process.ts';
import { createTlsRelay } from '../support/relays.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

describe('homeport login', function () {
  this.timeout(30_000);
  let server: HomeportServer;
  let certificate: X509Certificate;
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  let password: string;

  before(async () => {
    server = await startHomeport();
    password = server.admin?.password ?? '';
    const socket = connect({ host: '127.0.0.1', port: server.httpsPort, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    await once(socket, 'secureConnect');
    const shown = socket.getPeerX509Certificate();
    socket.destroy();
    if (shown === undefined) throw new Error('the server shows no certificate');
    certificate = shown;
  });
  beforeEach(() => {
    folder = createTemporaryFolder();
    env = { XDG_CONFIG_HOME: folder.path };
  });
  afterEach(() => folder.remove());
  after(() => server.remove());

  const signIns = (): string => path.join(folder.path, 'homeport', 'servers.json');
  const login = (flags: readonly string[], more: { input?: string; env?: Record<string, string>; url?: string } = {}): Promise<Finished> =>
    runHomeport(['login', more.url ?? server.url, '--username', 'admin', ...flags], { env: { ...env, ...more.env }, input: more.input ?? `${password}\n` });

  it('keeps an API key where only its owner can read it, and never the password', async () => {
    const { code, stdout, stderr } = await login(['--fingerprint', certificate.fingerprint256]);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: `Signed in to ${server.url} as admin\n`, stderr: '' });
    expect(statSync(signIns()).mode & 0o777).to.equal(0o600);
    expect(statSync(path.dirname(signIns())).mode & 0o777).to.equal(0o700);
    expect(readFileSync(signIns(), 'utf8')).to.match(/hp_/).and.not.contain(password);
    const who = await runHomeport(['whoami', '--json'], { env });
    expect(JSON.parse(who.stdout)).to.deep.equal({ url: server.url, username: 'admin', role: 'admin' });
  });

  it('takes the password from a variable or a file too, and the key hash for a fingerprint', async () => {
    const file = path.join(folder.path, 'password');
    writeFileSync(file, `${password}\n`);
    const spki = JSON.parse(readFileSync(await signedIn(), 'utf8')) as { servers: { trust: { spkiSha256: string } }[] };
    const hash = spki.servers[0]?.trust.spkiSha256 ?? '';
    expect((await login(['--fingerprint', hash], { env: { HOMEPORT_PASSWORD: password }, input: '' })).code).to.equal(0);
    expect((await login(['--fingerprint', `sha256//${hash}`, '--password-file', file], { input: '' })).code).to.equal(0);
  });

  async function signedIn(): Promise<string> {
    expect((await login(['--fingerprint', certificate.fingerprint256])).code).to.equal(0);
    return signIns();
  }

  it('with nobody to ask, refuses a certificate this machine does not know, and says how to go on', async () => {
    const { code, stderr } = await login([]);
    expect(code).to.equal(1);
    expect(stderr).to.contain(`pass --fingerprint ${certificate.fingerprint256}`);
  });

  it('sends no password to a server that shows another certificate than the one named', async () => {
    const other = await makeServerCertificate();
    const relay = await createTlsRelay({ host: '127.0.0.1', port: server.httpsPort }, other, ['http/1.1']);
    const { code, stderr } = await login(['--fingerprint', certificate.fingerprint256], { url: `https://localhost:${relay.port}` });
    expect(code).to.equal(1);
    expect(stderr).to.contain(`shows another certificate, ${new X509Certificate(other.cert).fingerprint256}`);
    expect(relay.sentByClients().toString()).to.equal('');
    await relay.close();
  });

  it('asks at a terminal: shows the fingerprint, and hides the password', async function () {
    const { process: shell, type } = await startOnTerminal([process.execPath, 'services/cli/main.ts', 'login', server.url], env);
    await shell.waitFor(new RegExp(`SHA-256 +${certificate.fingerprint256}`));
    await shell.waitFor(/Is it the same\? \[y\/N\] /);
    type('y\r');
    await shell.waitFor(/Username: /);
    type('admin\r');
    await shell.waitFor(/Password: /);
    type(`${password}\r`);
    await shell.waitFor(/Signed in to/);
    expect((await shell.ended).code).to.equal(0);
    expect(shell.stdout()).to.not.contain(password);
  });

  it('at a terminal, anything but yes ends it before a password is asked for', async () => {
    const { process: shell, type } = await startOnTerminal([process.execPath, 'services/cli/main.ts', 'login', server.url], env);
    await shell.waitFor(/Is it the same\? \[y\/N\] /);
    type('\r');
    expect((await shell.ended).code).to.equal(1);
    expect(shell.stdout()).to.contain('nothing was sent').and.not.contain('Username');
  });

  it('says that a password is wrong', async () => {
    const { code, stderr } = await login(['--fingerprint', certificate.fingerprint256], { input: 'not the password\n' });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^homeport: .* knows no such username and password: try again\n$/);
  });

  it('--insecure trusts what is shown now, and from then on nothing else', async () => {
    const other = await makeServerCertificate();
    const relay = await createTlsRelay({ host: '127.0.0.1', port: server.httpsPort }, other, ['http/1.1']);
    const url = `https://localhost:${relay.port}`;
    expect((await login(['--insecure'], { url })).code).to.equal(0);
    expect((await runHomeport(['whoami'], { env })).code).to.equal(0);
    await relay.close();
    const again = await createTlsRelay({ host: '127.0.0.1', port: server.httpsPort }, await makeServerCertificate(), ['http/1.1']);
    const contents = readFileSync(signIns(), 'utf8').replaceAll(String(relay.port), String(again.port));
    writeFileSync(signIns(), contents);
    const { code, stderr } = await runHomeport(['whoami'], { env });
    expect(code).to.equal(1);
    expect(stderr).to.contain('shows another key than at sign-in');
    expect(again.sentByClients().toString()).to.equal('');
    await again.close();
  });

  it('a client command trusts a CA file, or a key and URL from variables, without signing in', async () => {
    const { servers } = JSON.parse(readFileSync(await signedIn(), 'utf8')) as { servers: { apiKey: string }[] };
    const variables = { XDG_CONFIG_HOME: path.join(folder.path, 'empty'), HOMEPORT_URL: server.url, HOMEPORT_API_KEY: servers[0]?.apiKey ?? '' };
    const untrusting = await runHomeport(['whoami', '-q'], { env: variables });
    expect(untrusting.code).to.equal(1);
    expect(untrusting.stderr).to.match(/can't be verified .*run homeport login/);
    const trusting = await runHomeport(['whoami', '-q'], { env: { ...variables, HOMEPORT_CA_FILE: path.join(server.dataDir, 'tls', 'ca.pem') } });
    expect(trusting.stdout).to.equal('admin\n');
  });

  it('logout revokes the key and forgets it', async () => {
    const { servers } = JSON.parse(readFileSync(await signedIn(), 'utf8')) as { servers: { apiKey: string }[] };
    const apiKey = servers[0]?.apiKey ?? '';
    expect((await runHomeport(['logout'], { env })).stdout).to.equal(`Signed out of ${server.url}\n`);
    expect(readFileSync(signIns(), 'utf8')).to.not.contain(apiKey);
    const { code, stderr } = await runHomeport(['whoami', '--url', server.url, '--insecure', '--api-key', apiKey], { env });
    expect(code).to.equal(1);
    expect(stderr).to.contain(`run homeport login ${server.url}`);
    expect((await runHomeport(['env', 'list'], { env })).stderr).to.equal('homeport: not signed in: run homeport login URL, or set HOMEPORT_URL and HOMEPORT_API_KEY\n');
  });

  it('logout says that it could not revoke the key, and keeps it, unless told to forget it', async () => {
    const own = await startHomeport();
    try {
      await login(['--insecure'], { url: own.url, input: `${own.admin?.password ?? ''}\n` });
      await own.process.stop('SIGTERM');
      const refused = await runHomeport(['logout'], { env });
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.match(/still signed in.*could not be revoked.*--forget/);
      expect(readFileSync(signIns(), 'utf8')).to.contain(own.url);
      expect((await runHomeport(['logout', '--forget'], { env })).stdout).to.equal(`Signed out of ${own.url}\n`);
      expect(readFileSync(signIns(), 'utf8')).to.not.contain(own.url);
    } finally {
      await own.remove();
    }
  });
});
