/** What connected agents are told when addresses or the tunnel certificate change, and what a crash leaves of a rotation. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { EndpointsInUse, PollAnswer } from '../../services/application/ports/poll-admission.ts';
import { createTunnelIdentities } from '../../services/control-plane/tls/tunnel-identities.ts';
import { admin, eventually, type Harness, startHarness, swarmReport } from './harness.ts';

const asBefore: EndpointsInUse = { version: 0, fingerprints: [], failure: null };

describe('application: endpoints', () => {
  let harness: Harness;
  let environmentId: string;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
  });
  afterEach(() => harness.close());

  const told = (answers: readonly PollAnswer[]) => answers.map(({ endpoints }) => endpoints).filter((one) => one !== undefined);
  const keyFiles = () => readdirSync(join(harness.dataDirectory, 'tls')).filter((name) => name.endsWith('.key')).sort();
  const fileOf = (fingerprint: string) => `tunnel-${Buffer.from(fingerprint, 'base64').toString('hex').slice(0, 16)}.key`;

  it('says nothing while all is as the join token says', async () => {
    const agent = await harness.agent(environmentId, { endpoints: asBefore });
    expect((await agent.poll()).endpoints).to.equal(undefined);
  });

  it('tells connected agents a new address at once and once, those that come later in their first answer, and others nothing', async () => {
    const other = await harness.agent(await harness.createEnvironment('elsewhere'), { endpoints: asBefore });
    const agent = await harness.agent(environmentId, { endpoints: asBefore });
    const old = await harness.agent(environmentId, { report: swarmReport('n2', false) });
    await harness.app.environments.change(environmentId, { address: 'new.example:9443' }, admin);

    const [news, ...more] = told(agent.answers);
    expect(more).to.deep.equal([]);
    expect(news).to.include({ environmentId, address: 'new.example:9443', tunnelAddress: 'new.example:8000', version: harness.clock.now() });
    expect(news?.fingerprints).to.deep.equal([harness.app.tunnelCertificate.status().fingerprint]);
    expect((await agent.poll()).endpoints).to.equal(undefined);
    expect([...told(other.answers), ...told(old.answers), (await old.poll()).endpoints]).to.deep.equal([undefined]);

    const late = await harness.agent(environmentId, { endpoints: asBefore, report: swarmReport('n3', false) });
    expect((await late.poll()).endpoints).to.include({ address: 'new.example:9443' });
    const settled = await harness.agent(environmentId, { endpoints: { ...asBefore, version: news?.version ?? 0 }, report: swarmReport('n4', false) });
    expect((await settled.poll()).endpoints).to.equal(undefined);
  });

  it('tells an agent that goes by a version which no time gives, as whoever stole a key may have made it up', async () => {
    await harness.app.environments.change(environmentId, { address: 'new.example:9443' }, admin);
    const most = 2 * harness.clock.now();
    const possible = await harness.agent(environmentId, { endpoints: { ...asBefore, version: most } });
    expect((await possible.poll()).endpoints).to.equal(undefined);
    const cheated = await harness.agent(environmentId, { endpoints: { ...asBefore, version: Number.MAX_SAFE_INTEGER }, report: swarmReport('n2', false) });
    expect((await cheated.poll()).endpoints).to.include({ address: 'new.example:9443' });
    // Once a call.
    expect((await cheated.poll()).endpoints).to.equal(undefined);
  });

  it('gives a higher version for every change, also when the clock was set back', async () => {
    const agent = await harness.agent(environmentId, { endpoints: asBefore });
    await harness.app.environments.change(environmentId, { address: 'a.example:9443' }, admin);
    await harness.app.tunnelCertificate.rotate({}, admin);
    await harness.app.environments.change(environmentId, { tunnelAddress: 'b.example:8000' }, admin);
    await harness.app.tunnelCertificate.retireFormers(admin);
    const versions = told(agent.answers).map(({ version }) => version);
    expect(versions).to.have.length(4);
    expect(versions.toSorted((a, b) => a - b)).to.deep.equal(versions);
    expect(new Set(versions).size).to.equal(4);
  });

  it('tells a rotated certificate to the whole fleet at the pace of reconnects', async () => {
    const agents = await Promise.all(Array.from({ length: 60 }, (_, index) => harness.agent(environmentId, { endpoints: asBefore, report: swarmReport(`n${String(index)}`, false) })));
    const before = harness.app.tunnelCertificate.status().fingerprint;
    await harness.app.tunnelCertificate.rotate({}, admin);
    const counts = [agents.filter(({ answers }) => told(answers).length === 1).length];
    for (let step = 0; step < 2; step++) {
      await harness.clock.advance(100);
      counts.push(agents.filter(({ answers }) => told(answers).length === 1).length);
    }
    expect(counts).to.deep.equal([23, 46, 60]);
    expect(told(agents[59]?.answers ?? [])[0]?.fingerprints).to.deep.equal([harness.app.tunnelCertificate.status().fingerprint, before]);
  });

  it('ends a former certificate when its time is over, tells the agents, and destroys its key', async () => {
    const agent = await harness.agent(environmentId, { endpoints: asBefore });
    const first = harness.app.tunnelCertificate.status().fingerprint;
    await harness.app.tunnelCertificate.rotate({ formerAcceptedSeconds: 3600 }, admin);
    const { fingerprint } = harness.app.tunnelCertificate.status();
    expect(keyFiles()).to.deep.equal([fileOf(fingerprint), 'tunnel.key']);
    await harness.clock.advance(3_660_000);
    await eventually(() => keyFiles().length === 1);
    expect(keyFiles()).to.deep.equal([fileOf(fingerprint)]);
    expect(told(agent.answers).at(-1)?.fingerprints).to.deep.equal([fingerprint]);
    const [retired] = (await harness.events()).filter(({ type }) => type === 'TunnelCertificateRetired');
    expect(JSON.parse(retired?.data ?? '{}')).to.include({ fingerprint: first, reason: 'time-over' });
  });

  it('with a key that leaked ends every former one at once', async () => {
    await harness.app.tunnelCertificate.rotate({}, admin);
    await harness.app.tunnelCertificate.rotate({ formerAcceptedSeconds: 0 }, admin);
    const { fingerprint, formers } = harness.app.tunnelCertificate.status();
    expect(formers).to.deep.equal([]);
    expect(keyFiles()).to.deep.equal([fileOf(fingerprint)]);
  });

  it('keeps the new key for its owner alone', async () => {
    await harness.app.tunnelCertificate.rotate({}, admin);
    const { mode } = statSync(join(harness.dataDirectory, 'tls', fileOf(harness.app.tunnelCertificate.status().fingerprint)));
    expect(mode & 0o777).to.equal(0o600);
  });

  it('rotates one after the other when two ask at once', async () => {
    await Promise.all([harness.app.tunnelCertificate.rotate({}, admin), harness.app.tunnelCertificate.rotate({}, admin)]);
    expect(harness.app.tunnelCertificate.status().formers).to.have.length(2);
  });

  it('refuses a time that is none', async () => {
    for (const formerAcceptedSeconds of [-1, 0.5, 365 * 86_400 + 1]) {
      const refusal: unknown = await harness.app.tunnelCertificate.rotate({ formerAcceptedSeconds }, admin).catch((error: unknown) => error);
      expect(refusal).to.include({ code: 'invalid-settings', pointer: '/formerAcceptedSeconds' });
    }
  });

  it('killed after the new key was written and before it was recorded, goes on with the old one and leaves nothing behind', async () => {
    const { fingerprint } = harness.app.tunnelCertificate.status();
    harness.outage.isOn = true;
    const refusal: unknown = await harness.app.tunnelCertificate.rotate({}, admin).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Error);
    expect(keyFiles()).to.have.length(2);
    harness.kill();
    harness.outage.isOn = false;
    const next = await harness.restart();
    expect(next.tunnelCertificate.status()).to.deep.equal({ fingerprint, since: null, formers: [] });
    expect(keyFiles()).to.deep.equal(['tunnel.key']);
  });

  it('killed after the rotation was recorded and before it was served, serves it from the next start on', async () => {
    const before = harness.app.tunnelCertificate.status().fingerprint;
    // The process gets no further than the append.
    harness.outage.afterAppend = () => new Promise(() => undefined);
    void harness.app.tunnelCertificate.rotate({}, admin);
    await eventually(async () => (await harness.types()).includes('TunnelCertificateRotated'));
    expect(harness.app.tunnelCertificate.status().fingerprint).to.equal(before);
    harness.kill();
    const next = await harness.restart();
    const { fingerprint, formers } = next.tunnelCertificate.status();
    expect(fingerprint).not.to.equal(before);
    expect(formers.map((former) => former.fingerprint)).to.deep.equal([before]);
    // Both keys are there: whoever pins the former one is led to the new one.
    const identities = createTunnelIdentities(harness.dataDirectory);
    await identities.use({ ...next.tunnelCertificate.status(), successions: [], version: 1 });
    expect(identities.current().fingerprint).to.equal(fingerprint);
    expect(keyFiles()).to.deep.equal([fileOf(fingerprint), 'tunnel.key']);
  });

  it('killed after the end of a former one was recorded and before its key was destroyed, destroys it at the next start', async () => {
    await harness.app.tunnelCertificate.rotate({}, admin);
    const { fingerprint } = harness.app.tunnelCertificate.status();
    harness.outage.afterAppend = () => new Promise(() => undefined);
    void harness.app.tunnelCertificate.retireFormers(admin);
    await eventually(async () => (await harness.types()).includes('TunnelCertificateRetired'));
    expect(keyFiles()).to.have.length(2);
    harness.kill();
    const next = await harness.restart();
    expect(next.tunnelCertificate.status()).to.deep.include({ fingerprint, formers: [] });
    expect(keyFiles()).to.deep.equal([fileOf(fingerprint)]);
  });

  it('whose answer from the store was lost is believed as the store has it', async () => {
    const { fingerprint } = harness.app.tunnelCertificate.status();
    harness.outage.afterAppend = () => Promise.reject(new Error('the answer was lost'));
    await harness.app.tunnelCertificate.rotate({}, admin).catch(() => undefined);
    expect(harness.app.tunnelCertificate.status().fingerprint).to.equal(fingerprint);
    harness.outage.afterAppend = undefined;
    await harness.app.tunnelCertificate.rotate({}, admin);
    const { formers } = harness.app.tunnelCertificate.status();
    expect(formers).to.have.length(2);
    expect(formers[0]?.fingerprint).to.equal(fingerprint);
    expect(keyFiles()).to.have.length(3);
  });

  it('records what agents say of an address they can not use, once, and when they can', async () => {
    const failure = { address: 'new.example:9443', port: 'api', reason: 'connection-refused', detail: 'nothing listens' } as const;
    const agent = await harness.agent(environmentId, { endpoints: { ...asBefore, failure } });
    const again = { sequence: 1, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: null, report: null };
    await agent.conversation.poll({ ...again, endpoints: { ...asBefore, failure } });
    await eventually(async () => (await harness.types()).includes('NewAddressFailed'));
    // However often an agent says something else, such events are kept for ever.
    for (let sequence = 2; sequence < 12; sequence++) {
      const other = { ...failure, reason: sequence % 2 === 0 ? 'name-not-found' : 'connection-refused' };
      await agent.conversation.poll({ ...again, sequence, endpoints: { ...asBefore, failure: other } });
    }
    await agent.conversation.poll({ ...again, sequence: 12, endpoints: { ...asBefore, version: 5 } });
    await harness.clock.advance(5000);
    await agent.conversation.poll({ ...again, sequence: 13 });
    await eventually(async () => (await harness.types()).includes('NewAddressUsed'));
    expect((await harness.types()).filter((type) => type.startsWith('NewAddress'))).to.deep.equal(['NewAddressFailed', 'NewAddressUsed']);
  });
});
