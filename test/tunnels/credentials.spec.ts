/** Credentials as the tunnel port takes them: the real decisions over a real store, asked over TLS and gRPC. */
import { expect } from 'chai';
import { openTunnel, type OpenTunnel } from '../../agent/tunnel/open-tunnel.ts';
import { dockerSocketTarget } from '../../agent/tunnel/dial-target.ts';
import type { IssuedCredentials } from '../../services/application/ports/poll-admission.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { createTunnelListener, type TunnelListener } from '../../services/control-plane/tunnel-listener.ts';
import { createTunnelsEdge, type TunnelsEdge } from '../../services/tunnels/edge.ts';
import { admin, eventually, type Harness, startHarness, type TestAgent } from '../application/harness.ts';
import { limits, silent } from './support/control-plane.ts';
import { createTestIdentity, type TestIdentity } from './support/identity.ts';

describe('tunnel credentials at the tunnel port', () => {
  let harness: Harness;
  let environmentId: string;
  let identity: TestIdentity;
  let edge: TunnelsEdge;
  let listener: TunnelListener;
  let opened: OpenTunnel[];
  let stopping: AbortController;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    identity = await createTestIdentity();
    edge = createTunnelsEdge({ gate: harness.app.tunnels, logger: silent, limits: () => limits });
    listener = await createTunnelListener({ host: '127.0.0.1', port: 0, ...identity, accept: edge.accept });
    opened = [];
    stopping = new AbortController();
  });
  afterEach(async () => {
    stopping.abort();
    await Promise.all(opened.map(({ ended }) => ended));
    listener.close();
    await edge.close({ graceMs: 0 });
    await harness.close();
  });

  /** Credentials that were just given to an agent which polls. */
  async function issued(): Promise<{ readonly agent: TestAgent; readonly credentials: IssuedCredentials }> {
    const agent = await harness.agent(environmentId);
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    return { agent, credentials: await given(agent, 1) };
  }

  async function given(agent: TestAgent, count: number): Promise<IssuedCredentials> {
    const all = () => agent.answers.flatMap(({ required }) => required);
    await eventually(() => all().length >= count);
    const found = all()[count - 1];
    if (found === undefined) throw new Error('no credentials');
    return found;
  }

  /** Opens a tunnel as an agent does. Resolves with 'opened', or the reason it is refused with. */
  async function open({ credentialsId, secret }: Pick<IssuedCredentials, 'credentialsId' | 'secret'>, environment = environmentId): Promise<string> {
    const hello = { environmentId: environment, credentialsId, secret, instanceId: 'instance1' };
    const { credentials, channelOptions } = identity;
    const options = { address: `127.0.0.1:${listener.port}`, credentials, channelOptions, hello, dialTarget: dockerSocketTarget('/nowhere.sock'), logger: silent, signal: stopping.signal };
    return openTunnel(options).then(
      (tunnel) => {
        opened.push(tunnel);
        return 'opened';
      },
      (error: unknown) => (error as { reason: string }).reason,
    );
  }

  /** The refusals that were recorded, and of which credentials. */
  async function refusals(count: number): Promise<readonly { readonly reason: string; readonly credentialsId: string; readonly address: string }[]> {
    const all = async () => (await harness.events()).filter(({ type }) => type === 'TunnelCredentialsRefused').map(({ data }) => JSON.parse(data) as { reason: string; credentialsId: string; address: string });
    await eventually(async () => (await all()).length >= count);
    return all();
  }

  /** One byte is another. */
  function altered(secret: Uint8Array, index: number): Uint8Array {
    const copy = Buffer.from(secret);
    copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
    return copy;
  }

  it('open one tunnel, and a second use is refused and recorded, while the first tunnel lives on', async () => {
    const { credentials } = await issued();
    expect(await open(credentials)).to.equal('opened');
    expect(await open(credentials)).to.equal('credentials-used');
    const refused = (await refusals(1)).map(({ reason, credentialsId, address }) => ({ reason, credentialsId, address }));
    expect(refused).to.deep.equal([{ reason: 'credentials-used', credentialsId: credentials.credentialsId, address: '127.0.0.1' }]);
    expect(edge.control.isOpen(environmentTunnel(environmentId))).to.equal(true);
    expect((await harness.types()).filter((type) => type === 'TunnelLost')).to.deep.equal([]);
  });

  it('presented by two connections at the same moment open one of them', async () => {
    for (let round = 1; round <= 10; round++) {
      const environment = await harness.createEnvironment(`race ${String(round)}`);
      const agent = await harness.agent(environment);
      await harness.app.tunnels.require(environmentTunnel(environment), admin);
      const credentials = await given(agent, 1);
      const results = await Promise.all([open(credentials, environment), open(credentials, environment)]);
      expect(results.sort(), `round ${String(round)}`).to.deep.equal(['credentials-used', 'opened']);
    }
    expect((await harness.types()).filter((type) => type === 'TunnelOpened')).to.have.length(10);
  });

  it('with a bit of the secret or of the identifier changed are refused and recorded, and stay good for their agent', async () => {
    const { credentials } = await issued();
    const { credentialsId, secret } = credentials;
    expect(await open({ credentialsId, secret: altered(secret, 0) })).to.equal('wrong-secret');
    expect(await open({ credentialsId, secret: altered(secret, 31) })).to.equal('wrong-secret');
    expect(await open({ credentialsId, secret: secret.subarray(0, 31) })).to.equal('wrong-secret');
    const otherId = `${credentialsId.slice(0, -1)}${credentialsId.endsWith('0') ? '1' : '0'}`;
    expect(await open({ credentialsId: otherId, secret })).to.equal('unknown-credentials');
    expect((await refusals(4)).map((one) => [one.reason, one.credentialsId])).to.deep.equal([
      ['wrong-secret', credentialsId],
      ['wrong-secret', credentialsId],
      ['wrong-secret', credentialsId],
      ['unknown-credentials', otherId],
    ]);
    expect(await open(credentials)).to.equal('opened');
  });

  it('of another environment are refused and recorded, and stay good where they belong', async () => {
    const { credentials } = await issued();
    const other = await harness.createEnvironment('other');
    expect(await open(credentials, other)).to.equal('wrong-environment');
    expect((await refusals(1)).map(({ reason }) => reason)).to.deep.equal(['wrong-environment']);
    expect(await open(credentials)).to.equal('opened');
  });

  it('that have expired are refused and recorded, and the agent was given new ones', async () => {
    const { agent, credentials } = await issued();
    await harness.clock.advance(10_000);
    expect(await open(credentials)).to.equal('credentials-expired');
    await harness.clock.advance(1);
    expect(await open(await given(agent, 2))).to.equal('opened');
    expect((await refusals(1)).map(({ reason, credentialsId }) => [reason, credentialsId])).to.deep.equal([['credentials-expired', credentials.credentialsId]]);
  });
});
