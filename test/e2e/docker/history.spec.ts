/** What a day's work leaves behind: a history that tells it, no secret anywhere, and no port that need not be open. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { parseJoinToken } from '../../../proto/join-token.ts';
import { exportStore } from '../../../services/archive/export-store.ts';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { filesUnder, findSecrets } from '../../support/secret-search.ts';
import { isStoreElsewhere, storeElsewhere } from '../../support/store-elsewhere.ts';
import { listEvents } from './support/events.ts';
import type { ListedEvent } from './support/events.ts';
import { listeningPorts } from './support/process-facts.ts';
import { createRest, signInByRest } from './support/rest.ts';
import type { SignedIn } from './support/rest.ts';
import { startDockerSite } from './support/site.ts';
import type { DockerSite } from './support/site.ts';

/** As the data directory keeps them, for their owner alone. */
const KEPT_SECRETS = ['initial-admin-password', 'keys', 'tls'];

describe('a run from the first start to the end of the agent', function () {
  this.timeout(90_000);
  let site: DockerSite | undefined;
  let events: readonly ListedEvent[] = [];
  let table = '';
  let ports: { readonly server: readonly number[]; readonly agent: readonly number[] } = { server: [], agent: [] };
  let signedIn: SignedIn = { sessionToken: '', apiKey: '' };
  /** Given to a container, never to Homeport. */
  const containersSecret = randomUUID();

  before(async function () {
    site = await startDockerSite(this, { flags: ['--log-level', 'trace'], agentEnv: { LOG_LEVEL: 'trace' } });
    const { server, agent } = site;
    expect((await site.connect(['docker', 'ps'])).code).to.equal(0);
    expect((await site.connect(['docker', 'run', '--rm', '--network', 'none', '--env', `TOKEN=${containersSecret}`, IMAGE, 'true'])).code).to.equal(0);
    signedIn = await signInByRest(server);
    const refused = await createRest(server).call('POST', '/api/v1/sessions', { body: { username: 'admin', password: 'not the password' } });
    expect(refused.status).to.equal(401);
    ports = { server: listeningPorts(server.process.pid), agent: listeningPorts(agent.pid) };
    await agent.stop();
    events = await eventually('the loss of the tunnel to be recorded', async () => {
      const listed = await listEvents(server);
      return listed.some(({ type }) => type === 'TunnelLost') ? listed : undefined;
    });
    table = (await server.homeport('events', 'list')).stdout;
    // What is still in memory goes to the files.
    await server.stop();
  });
  after(async () => site?.stop());

  function theSite(): DockerSite {
    if (site === undefined) throw new Error('there is no site');
    return site;
  }

  /** The first event of a type, with its place in history. */
  function first(type: string, matches: (event: ListedEvent) => boolean = () => true): ListedEvent & { readonly index: number } {
    const index = events.findIndex((event) => event.type === type && matches(event));
    const event = events[index];
    if (event === undefined) throw new Error(`there is no such ${type} among ${events.map(({ type: one }) => one).join(' ')}`);
    return { ...event, index };
  }

  it('the agent listens on nothing, the server on its two ports', () => {
    const { httpsPort, tunnelPort } = theSite().server;
    expect(ports).to.deep.equal({ server: [httpsPort, tunnelPort].sort((a, b) => a - b), agent: [] });
  });

  it('events list tells it in the order in which it happened', () => {
    const create = first('ApiCallStarted', ({ data }) => String(data.path).includes('/containers/create'));
    const created = first('ApiCallProxied', ({ data }) => data.callId === create.data.callId);
    const stories = [
      ['EnvironmentCreated', 'AgentAssociated', 'AgentSeen'].map((type) => first(type)),
      ['EnvironmentCreated', 'AgentPolled'].map((type) => first(type)),
      [...['AgentAssociated', 'TunnelRequired', 'TunnelCredentialsIssued', 'TunnelOpened'].map((type) => first(type)), create, created, first('TunnelLost')],
    ];
    for (const story of stories) {
      const places = story.map(({ index }) => index);
      expect(places, story.map(({ type }) => type).join(' → ')).to.deep.equal(places.toSorted((a, b) => a - b));
      const times = story.map(({ time }) => Date.parse(time));
      expect(times, 'times').to.deep.equal(times.toSorted((a, b) => a - b));
    }
  });

  it('each event says who did it, and what belongs together has one correlation id', () => {
    for (const { type, metadata } of events) {
      expect(metadata.actor, type).to.match(/^(user|agent|system):\S+$/);
      expect(metadata.$correlationId, type).to.match(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    }
    const environmentId = String(first('EnvironmentCreated').data.environmentId);
    for (const type of ['EnvironmentCreated', 'TunnelRequired', 'ApiCallStarted', 'ApiCallProxied']) expect(first(type).metadata.actor, type).to.match(/^user:admin\b/);
    for (const type of ['AgentAssociated', 'AgentSeen', 'AgentPolled', 'TunnelOpened']) {
      expect(first(type).metadata.actor, type).to.match(new RegExp(`^agent:${environmentId}/.+`));
    }
    const tunnel = ['TunnelRequired', 'TunnelCredentialsIssued', 'TunnelOpened'].map((type) => first(type).metadata.$correlationId);
    expect(new Set(tunnel), 'correlation ids of the tunnel').to.have.length(1);
    for (const { data, metadata } of events.filter(({ type }) => type === 'ApiCallStarted')) {
      expect(first('ApiCallProxied', (event) => event.data.callId === data.callId).metadata.$correlationId).to.equal(metadata.$correlationId);
    }
    expect(first('TunnelLost').data.reason).to.equal('agent-stopped');
  });

  it('the table shows the same, with actor and correlation id', () => {
    for (const type of ['EnvironmentCreated', 'AgentAssociated', 'TunnelOpened', 'ApiCallProxied', 'TunnelLost']) {
      const { metadata } = first(type);
      const line = table.split('\n').find((one) => one.includes(` ${type} `));
      expect(line, type).to.contain(metadata.actor).and.to.contain(metadata.$correlationId);
    }
  });

  it('no secret is in the store, the read models, an export, the logs or the output', async () => {
    const { server, agent, variables, printed } = theSite();
    const { dataDir } = server;
    const joinToken = variables.EDGE_KEY ?? '';
    const privateKeys = Object.entries(filesUnder(path.join(dataDir, 'tls'))).filter(([name]) => name.endsWith('.key'));
    expect(privateKeys).to.not.be.empty;
    const secrets = {
      "the admin's password": server.admin?.password ?? '',
      'the session token': signedIn.sessionToken,
      'the API key': signedIn.apiKey,
      'the join token': joinToken,
      'the join secret': parseJoinToken(joinToken).joinSecret,
      'the installation key': Buffer.from(readFileSync(path.join(dataDir, 'keys', 'installation.key'), 'utf8'), 'base64'),
      "a container's variable": containersSecret,
      ...Object.fromEntries(privateKeys.map(([name, pem]) => [name, pem.toString().split('\n')[1] ?? ''])),
    };
    const logs = { "the server's log": server.process.stderr(), "the agent's log": agent.stderr(), "the agent's output": agent.stdout() };
    const readyLine = new RegExp(`"password":"${server.admin?.password ?? ''}"`);
    expect(server.process.stdout(), 'the ready line').to.match(readyLine);
    const places = {
      ...filesUnder(dataDir, KEPT_SECRETS),
      ...logs,
      "the server's output but for the first admin": server.process.stdout().replace(readyLine, ''),
      'what env create printed but for the join token': printed.replace(joinToken, ''),
      'events list': JSON.stringify(events),
      'events list as a table': table,
      'events export': await buffer(exportStore({ dataDirectory: dataDir, server: (await storeElsewhere(dataDir))['HOMEPORT_EVENT_STORE'], filter: {}, signal: new AbortController().signal })),
    };
    expect(Object.keys(places)).to.include(isStoreElsewhere ? path.join('read-models', 'read-models.db') : 'events.db');
    expect(findSecrets(secrets, places)).to.deep.equal([]);
    // No secret, and in the store for everyone who may read it; but whoever reads a log needn't know it.
    expect(findSecrets({ 'the Edge ID': variables.EDGE_ID ?? '' }, logs)).to.deep.equal([]);
  });
});
