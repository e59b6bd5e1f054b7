/** Whom the agent sends its token to, and whom not. */
import { expect } from 'chai';
import * as net from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { createSelfSignedCertificate } from '../../services/control-plane/tls/self-signed-certificate.ts';
import type { ServedCertificate } from '../../services/control-plane/tls/served-certificate.ts';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import { startControlPlane } from './support/control-plane-double.ts';
import { startRelay } from './support/recording-relay.ts';
import type { RecordingRelay } from './support/recording-relay.ts';

describe("agent's trust in the API", () => {
  const suite = agentSuite();

  async function strangersCertificate(): Promise<ServedCertificate> {
    const folder = join(suite().folder, 'stranger');
    mkdirSync(folder);
    const certificate = await createSelfSignedCertificate({ dataDir: folder, names: ['localhost', '127.0.0.1'] });
    certificate.stop();
    return certificate.current();
  }

  async function relayTo(port: number): Promise<RecordingRelay> {
    const relay = await startRelay(await strangersCertificate(), port);
    suite().after(() => relay.stop());
    return relay;
  }

  function expectNoSecrets(received: Buffer): void {
    expect(received.includes(Buffer.from(suite().controlPlane.joinSecret)), 'join secret').to.equal(false);
    expect(received.includes(EDGE_ID), 'Edge ID').to.equal(false);
  }

  /** The certificate stays the same, but for one bit of the pin. */
  function oneBitOff(fingerprint: string): string {
    const bytes = Buffer.from(fingerprint, 'base64');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes.toString('base64');
  }

  it('refuses a self-signed certificate with a line that names both ways out', async () => {
    const { controlPlane, agent } = suite();
    const running = agent({ edgeCaFile: undefined });
    const line = await running.log.lines.first(({ code }) => code === 'certificate-untrusted');
    expect(line.msg).to.contain('EDGE_CA_FILE').and.contain('EDGE_INSECURE_POLL=1').and.not.contain('\n');
    expect(controlPlane.polls.all).to.have.length(0);
  });

  it('trusts the CA in EDGE_CA_FILE, by the name it calls', async () => {
    const { controlPlane, agent } = suite();
    agent();
    expect((await controlPlane.polls.next()).request.hello?.edgeId).to.equal(EDGE_ID);
  });

  it('says so where the certificate is made out to another name', async () => {
    const { controlPlane, agent } = suite();
    const token = Buffer.from(controlPlane.joinToken(), 'base64').toString().replace('https://127.0.0.1', 'https://127.0.0.2');
    const forwarder = net.createServer((socket) => {
      const behind = net.connect(controlPlane.port, '127.0.0.1');
      socket.on('error', () => undefined).pipe(behind).on('error', () => undefined).pipe(socket);
    });
    forwarder.listen(controlPlane.port, '127.0.0.2');
    await once(forwarder, 'listening');
    suite().after(() => forwarder.close());
    const running = agent({ edgeKey: Buffer.from(token).toString('base64') });
    await running.log.lines.first(({ code }) => code === 'certificate-name-mismatch');
    expect(controlPlane.polls.all).to.have.length(0);
  });

  it('trusts a certificate that the pinned tunnel identity signed for, with EDGE_INSECURE_POLL=1', async () => {
    const { controlPlane, agent } = suite();
    agent({ edgeInsecurePoll: '1' });
    expect((await controlPlane.polls.next()).request.hello?.edgeId).to.equal(EDGE_ID);
  });

  it('refuses a relay with another certificate before it has sent token or Edge ID', async () => {
    const { controlPlane, agent } = suite();
    const relay = await relayTo(controlPlane.port);
    const running = agent({ edgeInsecurePoll: '1', edgeKey: controlPlane.joinToken({ apiPort: relay.port }) });
    const line = await running.log.lines.first(({ code }) => code === 'binding-certificate-mismatch');
    expect(line.msg).to.match(/someone stands in between/);
    await running.stop();
    expect(relay.received().length).to.be.above(0);
    expectNoSecrets(relay.received());
    expect(controlPlane.polls.all).to.have.length(0);
  });

  it('refuses a control plane that is not the pinned one by one bit, before it has sent token or Edge ID', async () => {
    const { controlPlane, agent } = suite();
    const running = agent({ edgeInsecurePoll: '1', edgeKey: controlPlane.joinToken({ fingerprint: oneBitOff(controlPlane.identity.fingerprint) }) });
    const line = await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    expect(line.msg).to.match(/nothing was sent to it/);
    expect(controlPlane.polls.all).to.have.length(0);
  });

  it('refuses a proof that was made for another request', async () => {
    const { controlPlane, agent } = suite();
    const replayed = controlPlane.bind(Buffer.alloc(32, 1));
    controlPlane.bind = () => replayed;
    const running = agent({ edgeInsecurePoll: '1' });
    await running.log.lines.first(({ code }) => code === 'binding-nonce-mismatch');
    expect(controlPlane.polls.all).to.have.length(0);
  });

  it('asks for a new proof when the certificate changes, and refuses a relay that takes the port over', async () => {
    const { controlPlane, agent, folder, after } = suite();
    const running = agent({ edgeInsecurePoll: '1' });
    await controlPlane.polls.next();
    controlPlane.stop();
    // The same control plane with another certificate and the same tunnel identity.
    await running.log.lines.first(({ code }) => code === 'connection-refused');
    const reissued = await startControlPlane(folder, controlPlane.port);
    after(() => reissued.stop());
    await reissued.polls.next();
    reissued.stop();
    const stranger = join(folder, 'stranger');
    mkdirSync(stranger);
    // A stranger who proves himself by his own tunnel identity.
    const taken = await startControlPlane(stranger, controlPlane.port);
    after(() => taken.stop());
    await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    expect(taken.polls.all).to.have.length(0);
  });

  it('says so where what answers speaks no TLS, or nobody answers', async () => {
    const { controlPlane, agent, after } = suite();
    const plain = net.createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    after(() => plain.close());
    const { port } = plain.address() as net.AddressInfo;
    const first = agent({ edgeInsecurePoll: '1', edgeKey: controlPlane.joinToken({ apiPort: port }) });
    await first.log.lines.first(({ code }) => code === 'not-tls');
    const second = agent({ edgeKey: controlPlane.joinToken({ apiPort: 1 }) });
    const line = await second.log.lines.first(({ code }) => code === 'connection-refused');
    expect(line.msg).to.match(/check that the control plane runs/);
  });
});
