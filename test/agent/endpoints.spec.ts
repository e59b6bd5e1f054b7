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
import type { OpenRequest } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { signSuccession } from '../../proto/succession.ts';
import { loadTunnelIdentity } from '../../services/control-plane/tls/tunnel-identity.ts';
import { findFreePort } from '../support/ports.ts';
import { createTcpRelay } from '../support/relays.ts';
import type { Relay } from '../support/relays.ts';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import { ENVIRONMENT_ID, QUICK, pollResponse, startControlPlane } from './support/control-plane-double.ts';
import type { ControlPlaneDouble } from './support/control-plane-double.ts';
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
  function tell(parts: Parameters<ControlPlaneDouble['endpoints']>[0], key?: KeyObject): void {
    const { controlPlane } = suite();
    const { version } = parts;
    let known = 0;
    controlPlane.answer = ({ request }): Partial<PollResponse> => {
      known = request.hello?.endpoints?.version ?? known;
      return known < version ? { ...QUICK, endpoints: controlPlane.endpoints(parts, key) } : QUICK;
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
    expect(request.hello?.endpoints).to.deep.include({ version: 0, fingerprints: [Buffer.from(suite().controlPlane.identity.fingerprint, 'base64')], failure: undefined });
    expect(request.hello?.endpoints?.nonce).to.have.length(32);
    expect(() => statSync(kept())).to.throw();
  });

  it('move it to a new address while it is connected, and it goes on there after a restart, though the former one is gone', async () => {
    const { controlPlane, agent } = suite();
    const [former, next] = [await relay(), await relay()];
    tell({ version: 5, apiPort: next.port });
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
    tell({ version: 5, apiPort: port });
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

  it('are not brought back to an agent that comes anew: what was signed for another call is worth nothing', async () => {
    const { controlPlane, agent, folder } = suite();
    const next = await relay();
    let recorded: SignedEndpoints | undefined;
    controlPlane.answer = () => ({ ...QUICK, endpoints: (recorded ??= controlPlane.endpoints({ version: 5 })) });
    const first = agent();
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    await first.stop();

    // Another agent of the same environment, with nothing but its join token: as good as version 0.
    const newcomer = agent({ dataPath: join(folder, 'newcomer') });
    await newcomer.log.lines.first(({ code }) => code === 'endpoints-nonce-mismatch');
    controlPlane.answer = () => ({ ...QUICK, endpoints: controlPlane.endpoints({ version: 6, apiPort: next.port }) });
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 6);
    // Each call has a nonce of its own.
    const nonces = controlPlane.polls.all.flatMap(({ callNumber, request: { hello } }) => (hello?.endpoints === undefined ? [] : [`${callNumber} ${Buffer.from(hello.endpoints.nonce).toString('hex')}`]));
    const calls = new Set(controlPlane.polls.all.map(({ callNumber }) => callNumber));
    expect(new Set(nonces.map((one) => one.split(' ')[1])).size).to.equal(calls.size).and.equal(new Set(nonces).size).and.above(1);
  });

  it('end a tunnel that was made under a pin which they drop, at any interval, and another opens in its place', async () => {
    const { controlPlane, agent, folder } = suite();
    const next = await loadTunnelIdentity(join(folder, 'next'));
    const [former, latter] = [await startTunnelServer(controlPlane.identity), await startTunnelServer(next)];
    suite().after(() => former.stop());
    suite().after(() => latter.stop());
    const keyParts = { joinSecret: controlPlane.joinSecret, edgeId: EDGE_ID };
    const sealed = (credentialsId: string, port: number) => ({ sealed: sealCredentials({ credentialsId, secret: Buffer.alloc(32, 1), tunnelAddress: `127.0.0.1:${port}`, validForMs: 10_000 }, keyParts) });
    controlPlane.answer = () => ({ pollIntervalMs: 60_000, required: [sealed('c1', former.port)] });
    const running = agent();
    const { call: poll } = await controlPlane.polls.next();
    const { call: tunnel } = await former.opened.next();
    const goodbye = new Promise<string>((resolve) => tunnel.on('data', ({ message }: OpenRequest) => message?.$case === 'goodbye' && resolve(message.value.reason)));

    const both = { fingerprints: [fingerprintOf(next.key), fingerprintOf(controlPlane.identity.key)], successions: [signSuccession(fingerprintOf(next.key), controlPlane.identity.key)] };
    poll.write(pollResponse({ endpoints: controlPlane.endpoints({ version: 5, ...both }, next.key) }));
    await running.log.lines.first(({ msg }) => msg === 'the control plane named its addresses and certificates');
    // The former pin is still accepted: nothing is cut. Then it is not.
    controlPlane.answer = ({ request }) => ({ pollIntervalMs: 60_000, required: request.heldCredentialsIds.length === 0 ? [sealed('c2', latter.port)] : [] });
    poll.write(pollResponse({ endpoints: controlPlane.endpoints({ version: 6, fingerprints: [fingerprintOf(next.key)] }, next.key) }));
    expect(await goodbye).to.equal('pin-dropped');
    expect((await controlPlane.polls.first(({ request }) => request.sequence === 2)).request.heldCredentialsIds).to.deep.equal([]);
    expect((await latter.opened.next()).hello.credentialsId).to.equal('c2');
    expect(running.log.text().match(/named its addresses/g)).to.have.length(2);
    expect(former.opened.all).to.have.length(1);
  });

  it('end a poll call that a key proved whose pin they drop: what sits in between with it is left, and not believed again', async () => {
    const { controlPlane, agent } = suite();
    const next = makeKey();
    const provenBy = (key: KeyObject) => (nonce: Uint8Array) => signBinding({ spkiSha256: controlPlane.certificate.current().spkiSha256, expiresAtMs: Date.now() + 60_000, nonce }, key);
    const both = { version: 5, fingerprints: [fingerprintOf(next), fingerprintOf(controlPlane.identity.key)], successions: [signSuccession(fingerprintOf(next), controlPlane.identity.key)] };
    tell(both, next);
    const running = agent({ edgeInsecurePoll: '1' });
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    tell({ version: 6, fingerprints: [fingerprintOf(next)] }, next);
    // The former key proves no connection any more, though it is the same certificate.
    await running.log.lines.first(({ code }) => code === 'fingerprint-mismatch');
    expect(new Set(controlPlane.polls.all.map(({ callNumber }) => callNumber)).size).to.equal(1);
    controlPlane.bind = provenBy(next);
    const { request } = await controlPlane.polls.first(({ callNumber }) => callNumber === 2);
    expect(request.hello?.endpoints).to.deep.include({ version: 6 });
  });

  it('leave a poll call alone that authorities vouch for', async () => {
    const { controlPlane, agent } = suite();
    const next = makeKey();
    const successions = [signSuccession(fingerprintOf(next), controlPlane.identity.key)];
    tell({ version: 5, fingerprints: [fingerprintOf(next)], successions }, next);
    agent();
    const told = await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    const later = await controlPlane.polls.first(({ request }) => request.sequence > told.request.sequence + 2);
    expect(later.callNumber).to.equal(1);
  });

  it('are forgotten with another join token', async () => {
    const { controlPlane, agent } = suite();
    tell({ version: 5 });
    const running = agent();
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    await running.stop();
    agent({ edgeKey: controlPlane.joinToken({ tunnelPort: 8001 }) });
    expect((await nextCall()).request.hello?.endpoints?.version).to.equal(0);
  });

  it("fall back to the join token's address when the one it was moved to is gone for long", async () => {
    const { controlPlane, agent } = suite();
    const next = await relay();
    tell({ version: 5, apiPort: next.port });
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
    tell({ version: 5 });
    agent();
    await controlPlane.polls.first(({ request: { hello } }) => hello?.endpoints?.version === 5);
    expect(JSON.parse(readFileSync(kept(), 'utf8'))).to.include({ version: 5 });
  });

  it('that can not be kept hold as long as it runs, and it says so', async () => {
    const { controlPlane, agent, folder } = suite();
    writeFileSync(join(folder, 'a-file'), '');
    chmodSync(join(folder, 'a-file'), 0o400);
    tell({ version: 5 });
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
