/** New addresses and rotated certificates, as the agent meets them: what moves it, what it keeps, and what it falls back to. */
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { signBinding } from '../../proto/binding.ts';
import { spkiSha256 } from '../../proto/fingerprint.ts';
import type { PollResponse, SignedEndpoints } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { sealCredentials } from '../../proto/sealed-credentials.ts';
import { signSuccession } from '../../proto/succession.ts';
import { findFreePort } from '../support/ports.ts';
import { createTcpRelay } from '../support/relays.ts';
import type { Relay } from '../support/relays.ts';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import { ENVIRONMENT_ID, QUICK, startControlPlane } from './support/control-plane-double.ts';
import { startTunnelServer } from './support/tunnel-server.ts';

const makeKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const fingerprintOf = (key: KeyObject): Buffer => spkiSha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));

describe("agent's endpoints", function () {
  this.timeout(20_000);
  const suite = agentSuite();

  async function relay(): Promise<Relay> {
    const made = await createTcpRelay({ host: '127.0.0.1', port: suite().controlPlane.port });
    suite().after(() => made.close().catch(() => undefined));
    return made;
  }

  /** Every answer carries it until the agent's hello names its version, as a control plane that does not give up. */
  function tell(endpoints: SignedEndpoints, version: number): void {
    const { controlPlane } = suite();
    let known = 0;
    controlPlane.answer = ({ request }): Partial<PollResponse> => {
      known = request.hello?.endpoints?.version ?? known;
      return known < version ? { ...QUICK, endpoints } : QUICK;
    };
  }

  const kept = (): string => join(suite().folder, 'agent', `endpoints-${ENVIRONMENT_ID}.json`);
  const quickly = { move: { firstMs: 10, capMs: 20 }, everywhereAfterMs: 100 };
  /** The next poll on a call that began after now. */
  const nextCall = async () => {
    const { polls } = suite().controlPlane;
    const before = polls.all.at(-1)?.callNumber ?? 0;
    return polls.first(({ callNumber }) => callNumber > before);
  };

  it('are those of its join token until it is told others', async () => {
    suite().agent();
    const { request } = await suite().controlPlane.polls.next();
    expect(request.hello?.endpoints).to.deep.equal({ version: 0, fingerprints: [Buffer.from(suite().controlPlane.identity.fingerprint, 'base64')], failure: undefined });
    expect(() => statSync(kept())).to.throw();
  });

  it('move it to a new address while it is connected, and it goes on there after a restart, though the former one is gone', async () => {
    const { controlPlane, agent } = suite();
    const [former, next] = [await relay(), await relay()];
    tell(controlPlane.endpoints({ version: 5, apiPort: next.port }), 5);
    const edgeKey = controlPlane.joinToken({ apiPort: former.port });
    const running = agent({ edgeKey });
    const { request } = await controlPlane.polls.first(({ callNumber }) => callNumber === 2);
    expect(request.hello?.endpoints).to.deep.include({ version: 5, failure: undefined });
    expect(next.connections()).to.equal(1);
    expect(statSync(kept()).mode & 0o777).to.equal(0o600);
    await running.stop();
    await former.close();

    const restarted = agent({ edgeKey });
    expect((await nextCall()).request.hello?.endpoints?.version).to.equal(5);
    expect(restarted.log.text()).not.to.contain('connection-refused');
    // The file says nothing of the token.
    expect(readFileSync(kept(), 'utf8')).not.to.contain(Buffer.from(controlPlane.joinSecret).toString('base64url'));
    expect(readdirSync(join(suite().folder, 'agent'))).to.have.length(1);
  });

  it('leave it where it is while the new address does not work, which it says in its log and its polls, and move it once it does', async () => {
    const { controlPlane, agent } = suite();
    const port = await findFreePort();
    tell(controlPlane.endpoints({ version: 5, apiPort: port }), 5);
    const running = agent({}, quickly);
    const { request, callNumber } = await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.failure !== undefined);
    expect(callNumber).to.equal(1);
    expect(request.hello?.endpoints?.failure).to.deep.include({ address: `127.0.0.1:${port}`, isTunnel: false, reason: 'connection-refused' });
    await running.log.lines.first(({ code, msg }) => code === 'connection-refused' && msg.includes('new address'));

    controlPlane.check = () => 'unknown-environment';
    const there = await startControlPlane(suite().folder, port);
    suite().after(() => there.stop());
    there.check = () => 'unknown-environment';
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.failure?.reason === 'unknown-environment');
    there.check = () => undefined;
    const moved = await there.polls.next();
    expect(moved.request.hello?.endpoints?.version).to.equal(5);
    await there.polls.first(({ request: { hello } }) => hello !== undefined && hello.endpoints?.failure === undefined);
    await running.log.lines.first(({ msg }) => msg === 'polls go to the new address of the control plane');
  });

  it('are not changed by a stranger, by a replay, or by those of another environment', async () => {
    const { controlPlane, agent } = suite();
    const next = await relay();
    const stranger = makeKey();
    controlPlane.answer = () => ({ ...QUICK, endpoints: controlPlane.endpoints({ version: 5, apiPort: next.port }, stranger) });
    const running = agent();
    await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    controlPlane.answer = () => ({ ...QUICK, endpoints: controlPlane.endpoints({ version: 7 }) });
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 7);
    controlPlane.answer = () => ({ ...QUICK, endpoints: controlPlane.endpoints({ version: 6, apiPort: next.port }) });
    await running.log.lines.first(({ code }) => code === 'endpoints-outdated');
    expect(next.connections()).to.equal(0);
  });

  it('are forgotten with another join token', async () => {
    const { controlPlane, agent } = suite();
    tell(controlPlane.endpoints({ version: 5 }), 5);
    const running = agent();
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    await running.stop();
    agent({ edgeKey: controlPlane.joinToken({ tunnelPort: 8001 }) });
    expect((await nextCall()).request.hello?.endpoints?.version).to.equal(0);
  });

  it("fall back to the join token's address when the one it was moved to is gone for long", async () => {
    const { controlPlane, agent } = suite();
    const next = await relay();
    tell(controlPlane.endpoints({ version: 5, apiPort: next.port }), 5);
    agent({}, quickly);
    await controlPlane.polls.first(({ callNumber }) => callNumber === 2);
    await next.close();
    const { request } = await nextCall();
    expect(request.hello?.endpoints?.version).to.equal(5);
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.failure?.reason === 'connection-refused');
  });

  it('that can not be read are said so in its log, and its join token holds', async () => {
    const { controlPlane, agent, folder } = suite();
    for (const broken of ['{"format":1', '[]', '{"format":2}', '']) {
      mkdirSync(join(folder, 'agent'), { recursive: true });
      writeFileSync(kept(), broken);
      const running = agent();
      await running.log.lines.first(({ code }) => code === 'data-path-unreadable');
      expect((await nextCall()).request.hello?.endpoints?.version, broken).to.equal(0);
      await running.stop();
    }
    tell(controlPlane.endpoints({ version: 5 }), 5);
    agent();
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    expect(JSON.parse(readFileSync(kept(), 'utf8'))).to.include({ version: 5 });
  });

  it('that can not be kept hold as long as it runs, and it says so', async () => {
    const { controlPlane, agent, folder } = suite();
    writeFileSync(join(folder, 'a-file'), '');
    chmodSync(join(folder, 'a-file'), 0o400);
    tell(controlPlane.endpoints({ version: 5 }), 5);
    const running = agent({ dataPath: join(folder, 'a-file') });
    await running.log.lines.first(({ code }) => code === 'data-path-unwritable');
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
  });

  it('let it follow two rotations that it missed, with EDGE_INSECURE_POLL=1 and the join token it has', async () => {
    const { controlPlane, agent } = suite();
    const [second, third] = [makeKey(), makeKey()];
    const chain = [signSuccession(fingerprintOf(second), controlPlane.identity.key), signSuccession(fingerprintOf(third), second)];
    const bind = (nonce: Uint8Array, successions: typeof chain) =>
      signBinding({ spkiSha256: controlPlane.certificate.current().spkiSha256, expiresAtMs: Date.now() + 60_000, nonce }, third, successions);
    controlPlane.bind = (nonce) => bind(nonce, chain.slice(1));
    const running = agent({ edgeInsecurePoll: '1' });
    await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    expect(controlPlane.polls.all).to.have.length(0);
    controlPlane.bind = (nonce) => bind(nonce, chain);
    await controlPlane.polls.next();
  });

  it('let a tunnel open where it was before while its new address does not work, which the next poll says', async () => {
    const { controlPlane, agent } = suite();
    const tunnels = await startTunnelServer(controlPlane.identity);
    suite().after(() => tunnels.stop());
    const port = await findFreePort();
    let isTold = false;
    const required = [{ sealed: sealCredentials({ credentialsId: 'c1', secret: Buffer.alloc(32, 1), tunnelAddress: `127.0.0.1:${port}`, validForMs: 10_000 }, { joinSecret: controlPlane.joinSecret, edgeId: EDGE_ID }) }];
    controlPlane.answer = () => {
      if (isTold) return QUICK;
      isTold = true;
      return { ...QUICK, required };
    };
    agent({ edgeKey: controlPlane.joinToken({ tunnelPort: tunnels.port }) });
    const { request } = await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.failure !== undefined);
    expect(request.hello?.endpoints?.failure).to.deep.include({ address: `127.0.0.1:${port}`, isTunnel: true, reason: 'connection-refused' });
    expect(request.heldCredentialsIds).to.deep.equal(['c1']);
  });
});
