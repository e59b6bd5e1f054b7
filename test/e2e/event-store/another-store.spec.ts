/** The main job with its record elsewhere: in another Homeport that is only a store, and in the EventStoreDB that EVENTSTORE_URL names. */
import { expect } from 'chai';
import { EventStoreDBClient } from '@eventstore/db-client';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { storeCommand } from '../../support/store-command.ts';
import { startStoreProcess, type StoreProcess } from '../../support/store-process.ts';
import { listEvents } from '../docker/support/events.ts';
import { createRest, signInByRest, type Rest } from '../docker/support/rest.ts';
import { type DockerSite, startDockerSite } from '../docker/support/site.ts';

const eventStoreUrl = process.env['EVENTSTORE_URL'] ?? '';

/** What is recorded of an agent that joins and a command that goes through. */
const inOrder = ['EnvironmentCreated', 'AgentAssociated', 'TunnelRequired', 'TunnelCredentialsIssued', 'TunnelOpened', 'ApiCallProxied'];

async function tellsADocker(site: DockerSite): Promise<void> {
  const listed = await site.connect(['docker', 'ps', '--all', '--quiet']);
  expect(listed.code, listed.stderr).to.equal(0);
  const ran = await site.connect(['docker', 'run', '--rm', '--interactive', '--network', 'none', IMAGE, 'wc', '-c'], { input: 'x\n' });
  expect([ran.code, ran.stdout.trim()], ran.stderr).to.deep.equal([0, '2']);
}

/** `from` is when the site was made: a server may have other history. */
async function hasHistoryInOrder(site: DockerSite, from: string): Promise<void> {
  const types = (await listEvents(site.server, '--from', from, '--limit', '1000')).map(({ type }) => type);
  const places = inOrder.map((type) => types.indexOf(type));
  expect(places, types.join(' ')).to.deep.equal(places.toSorted((a, b) => a - b)).and.not.include(-1);
}

const otherStores = [
  { name: 'another Homeport that is only a store', command: '' },
  ...(storeCommand === '' ? [] : [{ name: 'the store that HOMEPORT_TEST_STORE_COMMAND starts', command: storeCommand }]),
];

for (const { name, command } of otherStores) describe(`recorded in ${name}`, function () {
  this.timeout(120_000);
  let store: StoreProcess;
  const startedAt = new Date().toISOString();
  let site: DockerSite;
  let rest: Rest;

  before(async function () {
    store = await startStoreProcess(command);
    site = await startDockerSite(this, { env: { HOMEPORT_EVENT_STORE: store.connectionString } });
    rest = createRest(site.server, (await signInByRest(site.server)).apiKey);
  });
  after(async () => {
    await site.stop();
    await store.remove();
  });

  const readiness = async () => JSON.parse((await rest.call('GET', '/readyz')).body) as { readonly checks: Readonly<Record<string, string>> };
  const create = (name: string) => rest.call('POST', '/api/v1/environments', { body: { name, address: 'homeport.example.com:9443' } });

  it('docker works, and history tells it in order', async () => {
    await tellsADocker(site);
    await hasHistoryInOrder(site, startedAt);
  });

  if (command === '') it('the password of the store is in no log', () => {
    const password = /:\/\/[^:]+:([^@]+)@/.exec(store.connectionString)?.[1] ?? '';
    expect(password).to.not.equal('');
    expect(site.server.process.stderr() + site.server.process.stdout()).to.not.include(password);
  });

  it('what expires is told to the store', async () => {
    const client = EventStoreDBClient.connectionString(store.connectionString);
    const node = (await listEvents(site.server, '--type', 'AgentPolled', '--limit', '1'))[0]?.stream ?? '';
    const { metadata } = await client.getStreamMetadata(node);
    await client.dispose();
    expect(metadata?.maxAge).to.equal(26 * 3600);
  });

  for (const [title, away, back] of [
    ['does not answer', () => store.process().signal('SIGSTOP'), () => store.process().signal('SIGCONT')],
    ['was killed', () => store.kill(), () => store.start()],
  ] as const) {
    it(`while the store ${title}: decisions are refused at once, polls go on, an open tunnel serves reads; then all resumes and no poll is lost`, async () => {
      expect((await site.connect(['docker', 'ps', '--quiet'])).code).to.equal(0);
      const polledBefore = site.agent.stderr();
      await away();
      const first = await create(`${title} first`);
      expect(first.status, first.body).to.equal(503);
      expect(first.headers['retry-after']).to.match(/^[0-9]+$/);
      expect(JSON.parse(first.body)).to.include({ code: 'event-store-unavailable' });
      const startedAtMs = performance.now();
      expect((await create(`${title} second`)).status).to.equal(503);
      expect(performance.now() - startedAtMs, 'once it is known, nobody waits').to.be.below(2_000);
      expect((await readiness()).checks['eventStore']).to.not.equal('ok');
      const read = await site.connect(['docker', 'ps', '--quiet']);
      expect(read.code, read.stderr).to.equal(0);
      await back();
      await eventually('the store to be back', async () => ((await readiness()).checks['eventStore'] === 'ok' ? true : undefined), 20_000);
      expect((await create(`${title} third`)).status).to.equal(201);
      await tellsADocker(site);
      expect(site.agent.stderr().slice(polledBefore.length), 'the agent notices nothing').to.not.match(/"level":"(warn|error)"/);
      const types = new Set((await listEvents(site.server, '--limit', '1000')).map(({ type }) => type));
      expect(types).to.not.include('PollsLost');
      expect(types).to.not.include('HeartbeatLost');
    });
  }
});

describe('recorded in a real EventStoreDB', function () {
  this.timeout(120_000);
  const startedAt = new Date().toISOString();
  let site: DockerSite;

  if (eventStoreUrl === '') {
    it.skip('docker works, and history tells it in order (EVENTSTORE_URL names none)');
    return;
  }
  before(async function () {
    const client = EventStoreDBClient.connectionString(eventStoreUrl);
    let isTaken = false;
    for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: 'end' })) isTaken ||= event?.streamId.startsWith('user-') === true;
    await client.dispose();
    if (isTaken) throw new Error('a Homeport has recorded in the server of EVENTSTORE_URL before; give one without its history');
    site = await startDockerSite(this, { env: { HOMEPORT_EVENT_STORE: eventStoreUrl } });
  });
  after(async () => site.stop());

  it('docker works, and history tells it in order', async () => {
    await tellsADocker(site);
    await hasHistoryInOrder(site, startedAt);
  });

  it('everything is there after a restart', async () => {
    await site.server.stop();
    const types = new Set<string>();
    const client = EventStoreDBClient.connectionString(eventStoreUrl);
    for await (const { event } of client.readAll()) if (event !== undefined) types.add(event.type);
    await client.dispose();
    expect([...types]).to.include.members(inOrder);
  });
});
