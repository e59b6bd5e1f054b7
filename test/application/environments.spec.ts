import { expect } from 'chai';
import { checkAddress, checkName, checkTags } from '../../services/application/environment-input.ts';
import { peerGroup } from '../../services/application/peer-address.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, type Harness, startHarness } from './harness.ts';

const codeOf = (task: () => unknown): string => {
  try {
    task();
    return 'fine';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('application: environments', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => harness.close());

  const create = (name: string) => harness.app.environments.create({ name, address: 'cp.example:9443' }, admin);
  const rejected = (promise: Promise<unknown>) => promise.then(() => 'fine', (error: unknown) => (error as { code: string }).code);

  it('has one name once, whatever its case, also when twenty are created at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => rejected(create(index % 2 === 0 ? 'Factory' : 'factory'))));
    expect(results.filter((code) => code === 'fine')).to.have.length(1);
    expect(results.filter((code) => code === 'name-taken')).to.have.length(19);
  });

  it('has one name once, however its accents are composed, also over a restart', async () => {
    const { environmentId } = await create('Café');
    expect(await rejected(create('CAFE\u0301'))).to.equal('name-taken');
    const again = await harness.restart({
      async *environmentNames() {
        await Promise.resolve();
        yield [{ environmentId, name: 'Cafe\u0301' }];
      },
    });
    expect(await rejected(again.environments.create({ name: 'café', address: 'cp.example:9443' }, admin))).to.equal('name-taken');
  });

  it('frees a name by renaming and by removing, and keeps it where the change failed', async () => {
    const { environmentId } = await create('first');
    await harness.app.environments.change(environmentId, { name: 'renamed' }, admin);
    const second = await create('first');
    expect(await rejected(harness.app.environments.change(second.environmentId, { name: 'RENAMED' }, admin))).to.equal('name-taken');
    expect(await rejected(harness.app.environments.change(second.environmentId, { name: 'x', tags: [''] }, admin))).to.equal('invalid-tags');
    await harness.app.environments.remove(environmentId, admin);
    await create('renamed');
  });

  it('changes only what is still as the caller knew it: of ten changes to one state one counts', async () => {
    const { environmentId } = await create('first');
    const changes = Array.from({ length: 10 }, (_, index) => harness.app.environments.change(environmentId, { name: `name${String(index)}` }, admin, ({ name }) => name === 'first'));
    const results = await Promise.all(changes.map(rejected));
    expect(results.filter((code) => code === 'fine')).to.have.length(1);
    expect(results.filter((code) => code === 'precondition-failed')).to.have.length(9);
    const intervals = Array.from({ length: 10 }, (_, index) => harness.app.settings.change({ pollIntervalSeconds: 10 + index }, admin, ({ pollIntervalSeconds }) => pollIntervalSeconds === 5));
    expect((await Promise.all(intervals.map(rejected))).filter((code) => code === 'precondition-failed')).to.have.length(9);
  });

  it('keeps names over a restart', async () => {
    const { environmentId } = await create('factory');
    const next = await harness.restart({
      async *environmentNames() {
        yield [{ environmentId, name: 'factory' }];
      },
    });
    expect(await rejected(next.environments.create({ name: 'FACTORY', address: 'cp.example:9443' }, admin))).to.equal('name-taken');
  });

  it('moves the tunnel address along with the address, unless it was set apart', async () => {
    const { environmentId } = await create('factory');
    await harness.app.environments.change(environmentId, { address: 'new.example:9443' }, admin);
    await harness.app.environments.change(environmentId, { tunnelAddress: 'tunnels.example:8000' }, admin);
    await harness.app.environments.change(environmentId, { address: 'newer.example:9443' }, admin);
    const changes = (await harness.events()).filter(({ type }) => type === 'EnvironmentAddressChanged').map(({ data }) => JSON.parse(data) as { tunnelAddress: string });
    expect(changes.map(({ tunnelAddress }) => tunnelAddress)).to.deep.equal(['new.example:8000', 'tunnels.example:8000', 'tunnels.example:8000']);
  });

  it('ends the tunnel of an environment that is removed', async () => {
    const { environmentId } = await create('factory');
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await harness.app.environments.remove(environmentId, admin);
    expect(await harness.app.tunnels.status(environmentTunnel(environmentId))).to.include({ state: 'closed' });
    expect(await rejected(harness.app.tunnels.require(environmentTunnel(environmentId), admin))).to.equal('environment-removed');
    expect(await rejected(harness.app.environments.deployment(environmentId))).to.equal('environment-not-found');
  });

  it('checks addresses', () => {
    const check = (address: string, allowLoopback = false) => codeOf(() => checkAddress(address, { pointer: '/address', allowLoopback }));
    for (const good of ['cp.example:9443', 'CP.Example:443', '192.0.2.1:9443', '[2001:db8::1]:9443', 'cp:1', '127.example.com:1']) expect(check(good), good).to.equal('fine');
    for (const bad of ['cp.example', 'cp.example:0', 'cp.example:65536', ':9443', 'a b:1', 'https://cp:1', '2001:db8::1:9443', '-a:1', '300.1.1.1:1', 'cp.example:9443/x', 'x|y:1']) {
      expect(check(bad), bad).to.equal('invalid-address');
    }
    for (const loopback of ['localhost:9443', '127.0.0.1:9443', '127.9.9.9:1', '[::1]:9443', '0.0.0.0:9443', 'a.localhost:1', '[0:0:0:0:0:0:0:1]:1', '[::ffff:7f00:1]:1', '[::ffff:0.0.0.0]:1']) {
      expect(check(loopback), loopback).to.equal('loopback-address');
      expect(check(loopback, true), loopback).to.equal('fine');
    }
  });

  it('checks names and tags', () => {
    expect(checkName('  Werk Süd 2 ')).to.equal('Werk Süd 2');
    for (const bad of ['', ' ', '-x', 'a/b', 'a\nb', 'x'.repeat(65), '<b>']) expect(codeOf(() => checkName(bad)), bad).to.equal('invalid-name');
    expect(checkTags(['b', 'a ', 'b'])).to.deep.equal(['a', 'b']);
    for (const bad of [[''], ['a,b'], ['x'.repeat(65)], Array.from({ length: 33 }, (_, index) => String(index))]) expect(codeOf(() => checkTags(bad))).to.equal('invalid-tags');
  });

  it('counts an IPv6 network as one peer, and IPv4 in IPv6 as IPv4', () => {
    expect(peerGroup('2001:db8:1:2:3:4:5:6')).to.equal(peerGroup('2001:0db8:1:2::9'));
    expect(peerGroup('2001:db8:1:3::9')).not.to.equal(peerGroup('2001:db8:1:2::9'));
    expect(peerGroup('::ffff:192.0.2.7')).to.equal('192.0.2.7');
    expect(peerGroup('::1')).to.equal('0:0:0:0::/64');
  });
});
