/** Agents that meet another than their control plane: they refuse before they send anything, and say why. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { encodeJoinToken, parseJoinToken } from '../../../proto/join-token.ts';
import type { JoinToken } from '../../../proto/join-token.ts';
import { makeServerCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { createTlsRelay } from '../../support/relays.ts';
import type { Relay } from '../../support/relays.ts';
import { startSite } from './support/site.ts';
import type { Site } from './support/site.ts';
import type { CreatedEnvironment, RecordedEvent } from './support/api.ts';

describe('an agent that meets another than its control plane', function () {
  this.timeout(30_000);
  let site: Site;
  let stopSite: Site['stop'] | undefined;
  let relay: Relay | undefined;

  before(async () => {
    site = await startSite();
    stopSite = site.stop;
  });
  afterEach(async () => {
    await relay?.close();
    relay = undefined;
  });
  after(() => stopSite?.());

  const noEngine = (): { readonly DOCKER_HOST: string } => ({ DOCKER_HOST: `unix://${site.folder}/no.sock` });
  const byAuthority = (): Record<string, string> => ({ ...noEngine(), EDGE_INSECURE_POLL: '0', EDGE_CA_FILE: path.join(site.server().dataDir, 'tls', 'ca.pem') });

  /** Once a tunnel was asked for, what became of it. */
  async function openFailure({ id }: CreatedEnvironment): Promise<RecordedEvent> {
    return eventually('a failure to open the tunnel', async () => {
      await site.api.call('POST', `/environments/${id}/connection`);
      return (await site.api.events(`environment=${id}&type=TunnelOpenFailed`))[0];
    });
  }

  it('refuses a tunnel port whose fingerprint differs by one bit from the join token, and sends nothing', async () => {
    const { dataDir, tunnelPort } = site.server();
    // The control plane's own certificate and key: all that could be wrong is the bit.
    const identity = { cert: readFileSync(path.join(dataDir, 'tls', 'tunnel.pem'), 'utf8'), key: readFileSync(path.join(dataDir, 'tls', 'tunnel.key'), 'utf8') };
    relay = await createTlsRelay({ host: '127.0.0.1', port: tunnelPort }, identity);
    const environment = await site.api.createEnvironment({ name: 'one bit', tunnelAddress: `localhost:${relay.port}` });
    const agent = site.startAgent({ ...environment, joinToken: changed(environment.joinToken, ({ tunnelFingerprint }) => ({ tunnelFingerprint: flipBit(tunnelFingerprint) })) }, byAuthority());

    expect((await openFailure(environment)).data).to.include({ reason: 'fingerprint-mismatch' });
    await agent.waitFor(/"code":"fingerprint-mismatch".*nothing was sent/);
    expect(relay.sentByClients().length).to.equal(0);
    await agent.stop();
  });

  it('refuses a man in the middle of the tunnel port, and sends nothing', async () => {
    relay = await createTlsRelay({ host: '127.0.0.1', port: site.server().tunnelPort }, await makeServerCertificate());
    const environment = await site.api.createEnvironment({ name: 'tunnel relay', tunnelAddress: `localhost:${relay.port}` });
    const agent = site.startAgent(environment, noEngine());

    expect((await openFailure(environment)).data).to.include({ reason: 'fingerprint-mismatch' });
    await agent.waitFor(/"code":"fingerprint-mismatch".*nothing was sent/);
    expect(relay.sentByClients().length).to.equal(0);
    await agent.stop();
  });

  it('with EDGE_INSECURE_POLL=1 refuses a man in the middle of the polls before it sends token or Edge ID', async () => {
    relay = await createTlsRelay({ host: '127.0.0.1', port: site.server().httpsPort }, await makeServerCertificate(), ['h2']);
    const environment = await site.api.createEnvironment({ name: 'poll relay' });
    const { port } = relay;
    const agent = site.startAgent({ ...environment, joinToken: changed(environment.joinToken, () => ({ apiUrl: `https://localhost:${port}` })) }, noEngine());

    await agent.waitFor(/"code":"binding-certificate-mismatch".*nothing was sent/);
    // It asked for the proof, which needs nothing of its own, and went no further, try after try.
    await eventually('another try', () => ((relay?.connections() ?? 0) >= 3 ? true : undefined));
    const sent = relay.sentByClients();
    expect(sent.length).to.be.above(0);
    expect(sent.includes(Buffer.from(parseJoinToken(environment.joinToken).joinSecret)), 'the join secret').to.be.false;
    expect(sent.includes(environment.issuedEdgeId), 'the Edge ID').to.be.false;
    expect(sent.includes(environment.id), 'the environment').to.be.false;
    expect(await site.api.events(`environment=${environment.id}&type=AgentAssociated`)).to.deep.equal([]);
    await agent.stop();
  });

  it('with EDGE_INSECURE_POLL=1 and a fingerprint that is wrong by one bit refuses the polls too', async () => {
    const environment = await site.api.createEnvironment({ name: 'one bit of polls' });
    const agent = site.startAgent({ ...environment, joinToken: changed(environment.joinToken, ({ tunnelFingerprint }) => ({ tunnelFingerprint: flipBit(tunnelFingerprint) })) }, noEngine());
    await agent.waitFor(/"code":"fingerprint-mismatch".*nothing was sent/);
    expect(await site.api.events(`environment=${environment.id}&type=AgentAssociated`)).to.deep.equal([]);
    await agent.stop();
  });

  it('without EDGE_INSECURE_POLL refuses a self-signed control plane, sends nothing, and names both ways out', async () => {
    // The certificate is not trusted, whoever shows it; a relay can tell what is sent.
    relay = await createTlsRelay({ host: '127.0.0.1', port: site.server().httpsPort }, await makeServerCertificate());
    const environment = await site.api.createEnvironment({ name: 'self-signed' });
    const { port } = relay;
    const direct = site.startAgent(environment, { ...noEngine(), EDGE_INSECURE_POLL: '0' });
    const relayed = site.startAgent(
      { ...environment, joinToken: changed(environment.joinToken, () => ({ apiUrl: `https://localhost:${port}` })) },
      { ...noEngine(), EDGE_INSECURE_POLL: '0' },
    );
    for (const agent of [direct, relayed]) {
      const [line] = await agent.waitFor(/^.*"code":"certificate-untrusted".*$/m);
      expect(line).to.contain('EDGE_CA_FILE').and.to.contain('EDGE_INSECURE_POLL=1');
    }
    expect(relay.sentByClients().length).to.equal(0);
    expect(await site.api.events(`environment=${environment.id}&type=AgentAssociated`)).to.deep.equal([]);
    await Promise.all([direct.stop(), relayed.stop()]);
  });
});

function changed(joinToken: string, change: (token: JoinToken) => Partial<JoinToken>): string {
  const token = parseJoinToken(joinToken);
  return encodeJoinToken({ ...token, ...change(token) });
}

function flipBit(fingerprint: string): string {
  const bytes = Buffer.from(fingerprint, 'base64');
  bytes.writeUInt8(bytes.readUInt8(17) ^ 4, 17);
  return bytes.toString('base64');
}
