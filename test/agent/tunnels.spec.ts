/** Tunnels as the agent opens them: with the pinned control plane alone, and again when they are lost. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { SealedCredentials } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { sealCredentials } from '../../proto/sealed-credentials.ts';
import { createSelfSignedCertificate } from '../../services/control-plane/tls/self-signed-certificate.ts';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import type { ReceivedPoll } from './support/control-plane-double.ts';
import { ENVIRONMENT_ID } from './support/control-plane-double.ts';
import { startRelay } from './support/recording-relay.ts';
import { startTunnelServer } from './support/tunnel-server.ts';
import type { TunnelServer } from './support/tunnel-server.ts';

const HOURLY = { pollIntervalMs: 3_600_000 };

describe("agent's tunnels", () => {
  const suite = agentSuite();
  let tunnelServer: TunnelServer;

  beforeEach(async () => {
    tunnelServer = await startTunnelServer(suite().controlPlane.identity);
    suite().after(() => tunnelServer.stop());
  });

  function credentials(credentialsId: string, port = tunnelServer.port, edgeId = EDGE_ID): SealedCredentials {
    const { joinSecret } = suite().controlPlane;
    const message = { credentialsId, secret: randomBytes(32), tunnelAddress: `127.0.0.1:${port}`, validForMs: 10_000 };
    return { sealed: sealCredentials(message, { joinSecret, edgeId }) };
  }

  function flipped({ sealed }: SealedCredentials): SealedCredentials {
    const altered = Buffer.from(sealed);
    altered.writeUInt8(altered.readUInt8(altered.length - 1) ^ 1, altered.length - 1);
    return { sealed: altered };
  }

  /** Every poll that names no tunnel gets new credentials, until `enough` were given. */
  function requireTunnel(options: { readonly port?: number; readonly enough?: number } = {}): void {
    let given = 0;
    suite().controlPlane.answer = ({ request }: ReceivedPoll) => {
      if (request.heldCredentialsIds.length > 0 || given === (options.enough ?? 1)) return HOURLY;
      given += 1;
      return { ...HOURLY, required: [credentials(`c${given}`, options.port)] };
    };
  }

  it('are opened at once where the agent is required, and named in the next poll', async () => {
    requireTunnel();
    suite().agent();
    const { hello } = await tunnelServer.opened.next();
    expect(hello).to.include({ credentialsId: 'c1', environmentId: ENVIRONMENT_ID });
    const first = await suite().controlPlane.polls.next();
    expect(hello.instanceId).to.equal(first.request.hello?.instanceId);
    // An answer that nobody asked for shortens the interval, so that the next poll comes now.
    first.call.write({ confirmedSequence: 0, pollIntervalMs: 10, reconnectSpreadMs: 0, minProtocolVersion: 1, required: [], takeSnapshot: false, keepSecretsInSnapshots: false, endpoints: undefined });
    expect((await suite().controlPlane.polls.next()).request.heldCredentialsIds).to.deep.equal(['c1']);
  });

  it('that are lost are reported at once, at any interval, and opened again with new credentials', async () => {
    requireTunnel({ enough: 2 });
    suite().agent();
    const { call } = await tunnelServer.opened.next();
    await suite().controlPlane.polls.next();
    call.emit('error', { code: 14, details: 'gone' });
    expect((await suite().controlPlane.polls.next()).request.heldCredentialsIds).to.deep.equal([]);
    expect((await tunnelServer.opened.next()).hello.credentialsId).to.equal('c2');
  });

  it('that the control plane closed on purpose are not asked for again', async () => {
    requireTunnel({ enough: 2 });
    const running = suite().agent();
    const { call } = await tunnelServer.opened.next();
    call.write({ message: { $case: 'drain', value: { reason: 'disconnected' } } });
    await running.log.lines.first(({ msg }) => msg === 'tunnel ended');
    expect(suite().controlPlane.polls.all).to.have.length(1);
  });

  it('are opened once for the same credentials, however often they are sent', async () => {
    const same = credentials('c1');
    suite().controlPlane.answer = ({ request }) => ({ pollIntervalMs: request.sequence < 5 ? 10 : 3_600_000, required: [same] });
    suite().agent();
    await suite().controlPlane.polls.first(({ request }) => request.sequence === 5);
    await tunnelServer.opened.next();
    expect(tunnelServer.opened.all).to.have.length(1);
  });

  it('are refused to a relay with another certificate, before anything is sent to it, and the next poll says why', async () => {
    const stranger = await createSelfSignedCertificate({ dataDir: `${suite().folder}/stranger`, names: ['127.0.0.1'] });
    stranger.stop();
    const relay = await startRelay(stranger.current(), tunnelServer.port);
    suite().after(() => relay.stop());
    requireTunnel({ port: relay.port });
    const running = suite().agent();
    await suite().controlPlane.polls.next();
    const { tunnelFailure } = (await suite().controlPlane.polls.next()).request;
    expect(tunnelFailure).to.include({ credentialsId: 'c1', reason: 'fingerprint-mismatch' });
    expect(tunnelFailure?.detail).to.match(/nothing was sent/);
    const line = await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    expect(line.msg).to.match(/not the control plane whose fingerprint the join token pins/);
    await running.stop();
    expect(relay.connections()).to.be.at.least(1);
    expect(relay.received().length).to.equal(0);
    expect(tunnelServer.opened.all).to.have.length(0);
  });

  it('are refused to the right control plane where one bit of the pin is wrong', async () => {
    requireTunnel();
    const { controlPlane, agent } = suite();
    const bytes = Buffer.from(controlPlane.identity.fingerprint, 'base64');
    bytes[31] = (bytes[31] ?? 0) ^ 1;
    agent({ edgeKey: controlPlane.joinToken({ fingerprint: bytes.toString('base64') }) });
    await controlPlane.polls.next();
    expect((await controlPlane.polls.next()).request.tunnelFailure?.reason).to.equal('fingerprint-mismatch');
    expect(tunnelServer.opened.all).to.have.length(0);
  });

  it('that can not be opened are reported once, in words', async () => {
    requireTunnel({ port: 1 });
    const { controlPlane, agent } = suite();
    agent();
    const first = await controlPlane.polls.next();
    expect((await controlPlane.polls.next()).request.tunnelFailure).to.include({ credentialsId: 'c1', reason: 'connection-refused' });
    first.call.write({ confirmedSequence: 0, pollIntervalMs: 10, reconnectSpreadMs: 0, minProtocolVersion: 1, required: [], takeSnapshot: false, keepSecretsInSnapshots: false, endpoints: undefined });
    expect((await controlPlane.polls.next()).request.tunnelFailure).to.equal(undefined);
  });

  it('that failed are reported again where the report was lost with its connection', async () => {
    const { controlPlane, agent } = suite();
    let given = 0;
    controlPlane.answer = ({ request, call }) => {
      if (request.tunnelFailure !== undefined && request.sequence === 2) {
        call.emit('error', { code: 14, details: 'gone' });
        return undefined;
      }
      given += 1;
      return given === 1 ? { ...HOURLY, required: [credentials('c1', 1)] } : HOURLY;
    };
    agent();
    for (const sequence of [1, 2]) expect((await controlPlane.polls.next()).request.sequence).to.equal(sequence);
    const again = (await controlPlane.polls.next()).request;
    expect(again.sequence).to.equal(3);
    expect(again.tunnelFailure?.credentialsId).to.equal('c1');
  });

  for (const [name, alter] of Object.entries({
    'were sealed for another Edge ID': () => credentials('c1', tunnelServer.port, EDGE_ID.replace('7', '8')),
    'have one bit changed': () => flipped(credentials('c1')),
    'are cut short': () => ({ sealed: credentials('c1').sealed.subarray(0, 30) }),
    'are empty': () => ({ sealed: new Uint8Array() }),
  })) {
    it(`are not opened with credentials that ${name}; that is told at once, at any interval, and new ones are used`, async () => {
      const given = [alter(), credentials('c2')];
      suite().controlPlane.answer = () => ({ ...HOURLY, required: given.splice(0, 1) });
      const running = suite().agent();
      await running.log.lines.first(({ code }) => code === 'credentials-unreadable');
      const told = await suite().controlPlane.polls.first(({ request }) => request.tunnelFailure !== undefined);
      expect(told.request).to.deep.include({ sequence: 2, heldCredentialsIds: [] });
      expect(told.request.tunnelFailure).to.include({ credentialsId: '', reason: 'credentials-unreadable' });
      expect((await tunnelServer.opened.next()).hello.credentialsId).to.equal('c2');
    });
  }

  it('end with a goodbye when the agent stops', async () => {
    requireTunnel();
    const running = suite().agent();
    const { call } = await tunnelServer.opened.next();
    const reasons: unknown[] = [];
    call.on('data', ({ message }: { message: { $case: string; value: unknown } }) => reasons.push(message));
    await running.stop();
    expect(reasons).to.deep.include({ $case: 'goodbye', value: { reason: 'agent-stopped' } });
  });
});
