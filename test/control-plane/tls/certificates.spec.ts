/** The certificates of an installation, as its clients meet them. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { expect } from 'chai';
import { pino } from 'pino';
import { certificateNames, localNames } from '../../../services/control-plane/tls/certificate-names.ts';
import { OperatorCertificateError } from '../../../services/control-plane/tls/operator-certificate.ts';
import { createSelfSignedCertificate } from '../../../services/control-plane/tls/self-signed-certificate.ts';
import type { ServedCertificate } from '../../../services/control-plane/tls/served-certificate.ts';
import { loadTunnelIdentity } from '../../../services/control-plane/tls/tunnel-identity.ts';
import { watchOperatorCertificate } from '../../../services/control-plane/tls/watched-certificate.ts';
import { createManualClock } from '../../application/manual-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

const DAY_MS = 86_400_000;

/** Shakes hands with a server that shows the certificate; rejects where the client does not believe it. */
async function shakeHands(certificate: { readonly certificatePem: string; readonly keyPem: string }, client: tls.ConnectionOptions): Promise<void> {
  const server = tls.createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = tls.connect({ host: '127.0.0.1', port, ...client }, () => socket.end());
      socket.on('error', reject).on('close', resolve).resume();
    });
  } finally {
    server.close();
  }
}

describe('tunnel identity', () => {
  const folder = temporaryFolder();

  it('is made once, keeps its fingerprint over restarts, and its key is for its owner alone', async () => {
    const first = await loadTunnelIdentity(folder());
    const second = await loadTunnelIdentity(folder());
    expect(second.fingerprint).to.equal(first.fingerprint);
    expect(second.certificatePem).to.equal(first.certificatePem);
    expect(statSync(join(folder(), 'tls', 'tunnel.key')).mode & 0o777).to.equal(0o600);
  });

  it('is good for devices whose clock stands in 1970, and for ever', async () => {
    const certificate = new X509Certificate((await loadTunnelIdentity(folder())).certificatePem);
    expect(certificate.validFromDate.getTime()).to.equal(0);
    expect(certificate.validToDate.toISOString()).to.equal('9999-12-31T23:59:59.000Z');
  });

  it('keeps its fingerprint when only the certificate is lost', async () => {
    const first = await loadTunnelIdentity(folder());
    rmSync(join(folder(), 'tls', 'tunnel.pem'));
    expect((await loadTunnelIdentity(folder())).fingerprint).to.equal(first.fingerprint);
  });

  it('is accepted by a client that trusts exactly it', async () => {
    const identity = await loadTunnelIdentity(folder());
    await shakeHands(identity, { ca: identity.certificatePem, checkServerIdentity: () => undefined });
  });
});

describe('self-signed API certificate', () => {
  const folder = temporaryFolder();

  it('is believed by clients that trust tls/ca.pem, by every one of its names', async () => {
    const certificate = await createSelfSignedCertificate({ dataDir: folder(), names: ['localhost', '127.0.0.1', '::1', 'Homeport.Example'] });
    certificate.stop();
    const ca = readFileSync(join(folder(), 'tls', 'ca.pem'), 'utf8');
    expect(ca).to.equal(certificate.caPem);
    await shakeHands(certificate.current(), { ca });
    await shakeHands(certificate.current(), { ca, servername: 'localhost' });
    await shakeHands(certificate.current(), { ca, servername: 'homeport.example' });
    expect(new X509Certificate(certificate.current().certificatePem).checkIP('::1')).to.equal('::1');
  });

  it('is believed neither without the CA nor by another name', async () => {
    const certificate = await createSelfSignedCertificate({ dataDir: folder(), names: ['homeport.example'] });
    certificate.stop();
    const refusalOf = (client: tls.ConnectionOptions): Promise<unknown> => shakeHands(certificate.current(), client).catch((error: unknown) => error);
    expect(await refusalOf({ servername: 'homeport.example' })).to.have.property('code', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await refusalOf({ servername: 'other.example', ca: certificate.caPem })).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('stays the same over a restart', async () => {
    const options = { dataDir: folder(), names: ['localhost', '::1', 'homeport.example'] };
    const first = await createSelfSignedCertificate(options);
    first.stop();
    const second = await createSelfSignedCertificate(options);
    second.stop();
    expect(second.current().certificatePem).to.equal(first.current().certificatePem);
    expect(second.caPem).to.equal(first.caPem);
  });

  it('is reissued for a new name with its key kept, under the same CA, and says so', async () => {
    const certificate = await createSelfSignedCertificate({ dataDir: folder(), names: ['localhost'] });
    const before = certificate.current();
    const seen: ServedCertificate[] = [];
    certificate.onReplaced((replaced) => seen.push(replaced));
    expect(await certificate.addNames(['localhost'])).to.equal(false);
    expect(await Promise.all([certificate.addNames(['a.example']), certificate.addNames(['2001:DB8:0::1'])])).to.include(true);
    certificate.stop();
    const after = certificate.current();
    expect(seen.at(-1)).to.equal(after);
    expect(after.spkiSha256.equals(before.spkiSha256)).to.equal(true);
    const leaf = new X509Certificate(after.certificatePem);
    expect(leaf.checkHost('localhost')).to.equal('localhost');
    expect(leaf.checkHost('a.example')).to.equal('a.example');
    expect(leaf.checkIP('2001:db8::1')).to.equal('2001:db8::1');
    await shakeHands(after, { ca: certificate.caPem, servername: 'a.example' });
  });

  it('says how many names it leaves out, and goes on with the first thousand', async () => {
    const told: { readonly count: number; readonly first: string }[] = [];
    const many = Array.from({ length: 1000 }, (_, index) => `n${index}.example`);
    const certificate = await createSelfSignedCertificate({ dataDir: folder(), names: many, onNamesLeftOut: (leftOut) => told.push(leftOut) });
    expect(told).to.deep.equal([]);
    expect(await certificate.addNames(['one-more.example', 'N1.example', 'and-another.example'])).to.equal(false);
    certificate.stop();
    expect(told).to.deep.equal([{ count: 2, first: 'one-more.example' }]);
    expect(new X509Certificate(certificate.current().certificatePem).checkHost('n999.example')).to.equal('n999.example');
  });

  it('is reissued before it ends, and no browser finds it too long', async () => {
    let nowMs = Date.UTC(2026, 0, 31);
    const certificate = await createSelfSignedCertificate({ dataDir: folder(), names: ['localhost'], nowMs: () => nowMs });
    certificate.stop();
    const leaf = new X509Certificate(certificate.current().certificatePem);
    expect((leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / DAY_MS).to.be.at.most(398);
    expect(await certificate.renewIfDue()).to.equal(false);
    nowMs = leaf.validToDate.getTime() - 29 * DAY_MS;
    expect(await certificate.renewIfDue()).to.equal(true);
    expect(new X509Certificate(certificate.current().certificatePem).validToDate.getTime()).to.be.above(nowMs + 300 * DAY_MS);
  });

  it('names localhost and this machine, and leaves out what no certificate can name', () => {
    expect(localNames()).to.include.members(['localhost', '127.0.0.1', '::1']);
    expect(certificateNames(['Homeport.Example.', 'homeport.example', 'münchen.example', 'a b', '', '[::1]', 'fe80::1%eth0'])).to.deep.equal([
      'homeport.example',
      'xn--mnchen-3ya.example',
      'fe80::1',
    ]);
  });
});

describe("operator's own certificate", () => {
  const folder = temporaryFolder();

  const silent = pino({ enabled: false });

  async function failureOf(certFile: string, keyFile: string): Promise<OperatorCertificateError> {
    try {
      await watchOperatorCertificate({ certFile, keyFile }, { clock: createManualClock(), logger: silent });
    } catch (error) {
      if (error instanceof OperatorCertificateError) return error;
      throw error;
    }
    throw new Error('was accepted');
  }

  it('is served as it is, and never reissued', async () => {
    const identity = await loadTunnelIdentity(folder());
    const [certFile, keyFile] = [join(folder(), 'tls', 'tunnel.pem'), join(folder(), 'tls', 'tunnel.key')];
    const certificate = await watchOperatorCertificate({ certFile, keyFile }, { clock: createManualClock(), logger: silent });
    expect(certificate.caPem).to.equal(null);
    expect(certificate.current().spkiSha256.toString('base64')).to.equal(identity.fingerprint);
    expect(await certificate.addNames(['other.example'])).to.equal(false);
  });

  it('is refused with a line that names the file and what to do', async () => {
    await loadTunnelIdentity(folder());
    const other = await createSelfSignedCertificate({ dataDir: folder(), names: ['localhost'] });
    other.stop();
    const [certFile, keyFile] = [join(folder(), 'tls', 'tunnel.pem'), join(folder(), 'tls', 'tunnel.key')];
    const nonsense = join(folder(), 'nonsense.pem');
    writeFileSync(nonsense, 'nonsense');
    const failures = [
      [await failureOf(certFile, join(folder(), 'tls', 'api.key')), 'tls-key-mismatch'],
      [await failureOf(certFile, nonsense), 'tls-key-malformed'],
      [await failureOf(nonsense, keyFile), 'tls-certificate-malformed'],
      [await failureOf(join(folder(), 'missing.pem'), keyFile), 'tls-file-unreadable'],
    ] as const;
    for (const [failure, code] of failures) {
      expect(failure.code).to.equal(code);
      expect(failure.message).to.match(/--tls-(?:key|cert) \/.*; give /).and.not.contain('\n');
    }
  });
});
