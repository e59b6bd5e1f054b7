/** Fifty agents behind a link that fails in every way, while a client asks: answers are right or clearly none, and afterwards all is in order. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { type AgentFleet, startAgentFleet } from '../../support/fleet/agent-fleet.ts';
import { type ChaosRelay, startChaosRelay } from '../../support/fleet/chaos-relay.ts';
import { again, createDice, takeSeed } from '../../support/fleet/seed.ts';
import { createApi, type Api, type CreatedEnvironment } from '../failures/support/api.ts';
import { accountsOf } from '../failures/support/poll-accounts.ts';
import { startHomeport, type HomeportServer } from '../../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { INSPECTABLE, inspect, type InspectedProcess } from '../hostile/support/inspected-process.ts';
import { createVerifyingClient, type Outcome, type VerifyingClient } from './support/verifying-client.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const CHAOS_MS = isLong ? 300_000 : 12_000;
const AGENTS = 50;
/** Requests under way at once. */
const ASKERS = 16;
/** A tunnel's connection lives so long between two mishaps, a poll's so long; in the mean. */
const EVERY_MS = { tunnel: 3000, poll: 8000 };
/** What a request may be refused with because of a bad link; each is in docs/errors.md. */
const CLEAR_ERRORS = ['agent-not-polling', 'tunnel-timeout', 'tunnel-lost', 'tunnel-not-open', 'channel-reset', 'dial-timeout', 'dial-failed', 'engine-closed'];

describe('a link that fails in every way', function () {
  this.timeout(CHAOS_MS + 240_000);
  const seed = takeSeed();
  const started = new AsyncDisposableStack();
  const outcomes: Outcome[] = [];
  let folder: TemporaryFolder;
  let server: HomeportServer;
  let inside: InspectedProcess;
  let api: Api;
  let client: VerifyingClient;
  let relays: { readonly poll: ChaosRelay; readonly tunnel: ChaosRelay };
  let fleet: AgentFleet;
  let environments: readonly CreatedEnvironment[];

  before(async () => {
    folder = started.adopt(createTemporaryFolder(), (one) => one.remove());
    server = started.adopt(await startHomeport({ dataDir: path.join(folder.path, 'data'), env: INSPECTABLE }), (one) => one.remove());
    inside = started.adopt(await inspect(server.process), (one) => one.close());
    api = await createApi(server);
    const key = (await api.call('POST', '/api-keys', { name: 'chaos', role: 'admin' })).body as { readonly secret: string };
    client = createVerifyingClient({ url: server.url, ca: server.ca(), apiKey: key.secret });
    const { httpsPort, tunnelPort } = server;
    const link = async (port: number, name: keyof typeof EVERY_MS): Promise<ChaosRelay> =>
      started.adopt(await startChaosRelay({ host: '127.0.0.1', port }, createDice(seed, name), EVERY_MS[name]), (one) => one.close());
    relays = { poll: await link(httpsPort, 'poll'), tunnel: await link(tunnelPort, 'tunnel') };
    const addresses = { address: `localhost:${relays.poll.port}`, tunnelAddress: `localhost:${relays.tunnel.port}` };
    environments = await Promise.all(Array.from({ length: AGENTS }, (_, index) => api.createEnvironment({ name: `agent${index}`, pollIntervalSeconds: 1, ...addresses })));
    const agents = environments.map(({ name, issuedEdgeId, joinToken }) => ({ name, edgeId: issuedEdgeId, edgeKey: joinToken }));
    fleet = started.adopt(startAgentFleet({ folder: folder.path, agents }), (one) => one.stop().then(() => undefined));
    await allUp();
  });
  after(async () => {
    await started.disposeAsync();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`      ${again(seed)}\n`);
  });

  const allUp = (): Promise<unknown> =>
    eventually('all agents to be up', async () => (((await api.call('GET', '/environments?status=up&limit=1')).body as { readonly total: number }).total === AGENTS ? true : undefined), 60_000);
  const counted = (kind: Outcome['kind']): readonly string[] => outcomes.filter((outcome) => outcome.kind === kind).map(({ detail }) => detail);

  it('gives right answers or clear errors, never a wrong or a cut one that looks whole', async () => {
    const untilMs = performance.now() + CHAOS_MS;
    // What is under way then ends on a good link.
    const calming = setTimeout(() => Object.values(relays).forEach((relay) => relay.calm()), CHAOS_MS);
    const askers = Array.from({ length: ASKERS }, async (_, asker) => {
      const dice = createDice(seed, `asker ${asker}`);
      while (performance.now() < untilMs) {
        const environment = environments[dice(AGENTS)];
        if (environment !== undefined) outcomes.push(await client.ask(environment.id, dice));
      }
    });
    await Promise.all(askers).finally(() => clearTimeout(calming));
    expect(counted('wrong')).to.deep.equal([]);
    const codes = new Set(counted('error'));
    expect([...codes].filter((code) => !CLEAR_ERRORS.includes(code))).to.deep.equal([]);
    const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    for (const code of codes) expect(documented).to.include(`\`${code}\``);
    // The link was bad, and yet it was one.
    expect(counted('right').length).to.be.above(ASKERS);
    for (const mishap of ['reset', 'truncate', 'stall', 'delay', 'silence', 'one-sided'] as const) expect((relays.tunnel.mishaps.get(mishap) ?? 0) + (relays.poll.mishaps.get(mishap) ?? 0), mishap).to.be.above(0);
  });

  it('leaves every agent as good as before, once it is a good link again', async () => {
    await allUp();
    const answers = await Promise.all(environments.map(({ id, name }) => client.getBytes(id, name, 10_000)));
    expect(answers.filter(({ kind }) => kind !== 'right')).to.deep.equal([]);
  });

  it('leaves no channel and no tunnel on either side once all are disconnected', async () => {
    await Promise.all(environments.map(({ id }) => api.call('DELETE', `/environments/${id}/connection`)));
    await eventually('the agents to have let go', async () => {
      const { engineConnections } = await fleet.report();
      return (relays.tunnel.connections() === 0 && engineConnections.every((count) => count === 0)) || undefined;
    }, 30_000);
    await eventually('the server to have let go', async () => {
      const { streams, openStreams } = await inside.streams();
      // Nobody even remembers a channel; and of HTTP/2 there is one poll call each, and nothing more.
      return (streams.ChannelStream === undefined && openStreams.ServerHttp2Stream === AGENTS) || undefined;
    }, 30_000);
    const { items } = (await api.call('GET', '/environments?limit=1000')).body as { readonly items: readonly { readonly tunnel: { readonly state: string } }[] };
    expect(items.map(({ tunnel }) => tunnel.state).filter((state) => state !== 'closed')).to.deep.equal([]);
  });

  it('lets no credentials be used twice, and loses no poll that it does not count', async () => {
    const events = await api.events();
    const opened = events.filter(({ type }) => type === 'TunnelOpened').map(({ data }) => String(data.credentialsId));
    expect(opened.length).to.be.above(AGENTS);
    expect(new Set(opened).size).to.equal(opened.length);
    const ended = events.filter(({ type }) => type === 'TunnelLost' || type === 'TunnelClosed').map(({ data }) => String(data.credentialsId));
    expect([...opened].sort()).to.deep.equal([...new Set(ended)].sort());
    expect([...accountsOf(events)].filter(([, { wrong }]) => wrong.length > 0)).to.deep.equal([]);
  });

  it('leaves read models that are what a replay from zero makes', async () => {
    await fleet.stop();
    // A process does not end while its inspector is asked.
    inside.close();
    // Whoever stops a server compares them.
    await server.stop();
  });
});
