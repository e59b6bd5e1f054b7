/** Snapshots as an operator meets them: a real engine, a real agent, and what is recorded of them. */
import { expect } from 'chai';
import { IMAGE, startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { startSite } from './support/site.ts';
import type { Site } from './support/site.ts';
import type { CreatedEnvironment, RecordedEvent } from './support/api.ts';

const SECRETS = ['hunter2-in-the-env', 'label-swordfish-77', 'argument-opensesame', 'url-correcthorse'];

describe('a snapshot', function () {
  this.timeout(60_000);
  let dockerd: Dockerd;
  let site: Site;
  const stops: (() => Promise<unknown>)[] = [];

  before(async function () {
    dockerd = await startDockerd(this);
    stops.unshift(dockerd.stop);
    const [env, label, argument, url] = SECRETS as [string, string, string, string];
    const secrets = ['--env', `DB_PASSWORD=${env}`, '--env', `HOME_PAGE=https://me:${url}@example.com/`, '--label', `app.api-key=${label}`];
    const project = ['--label', 'com.docker.compose.project=shop', '--env', 'COLOUR=blue'];
    await dockerd.docker('run', '--detach', '--name', 'box', '--network', 'none', ...secrets, ...project, IMAGE, 'sh', '-c', `sleep 3600; echo ${argument}`);
    await dockerd.docker('volume', 'create', 'data');
    site = await startSite();
    stops.unshift(site.stop);
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  async function snapshotEvents({ id }: CreatedEnvironment): Promise<readonly RecordedEvent[]> {
    return site.api.events(`stream=snapshots-${id}`);
  }

  async function taken(environment: CreatedEnvironment, count: number): Promise<readonly RecordedEvent[]> {
    return eventually(`${count} snapshots`, async () => {
      const events = await snapshotEvents(environment);
      return events.length >= count ? events : undefined;
    }, 20_000);
  }

  it('is taken when an agent associates, shows what is there, and holds no secret', async () => {
    const environment = await site.api.createEnvironment({ name: 'first', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: dockerd.dockerHost });
    const [event] = await taken(environment, 1);
    expect(event?.type).to.equal('SnapshotRecorded');
    const latest = await eventually('the read model', async () => {
      const answer = await site.api.call('GET', `/environments/${environment.id}/snapshots/latest`);
      return answer.status === 200 ? (answer.body as { summary: object; snapshot: { containers: { env: Record<string, string>; labels: Record<string, string> }[]; diskUse: object | null; failed: object } }) : undefined;
    });
    expect(latest.summary).to.deep.include({ stacks: 1, services: 0, volumes: 1, images: 1 });
    expect(latest.snapshot.failed).to.deep.equal({});
    expect(latest.snapshot.diskUse).to.be.an('object');
    expect(latest.snapshot.containers.map(({ env }) => env)).to.deep.include({ DB_PASSWORD: '********', HOME_PAGE: 'https://********@example.com/', COLOUR: 'blue', PATH: '/bin' });
    const shown = await site.api.call('GET', `/environments/${environment.id}`);
    expect(shown.body).to.have.nested.property('snapshot.summary.containers.running', 1);
    const everything = JSON.stringify([await site.api.events(), latest, shown.body, agent.stderr(), agent.stdout()]);
    for (const secret of SECRETS) expect(everything, secret).not.to.include(secret);

    // The same again says only that it is the same; what changed is recorded anew.
    expect(await site.api.call('POST', `/environments/${environment.id}/snapshots`)).to.deep.include({ status: 202, body: { agents: 1 } });
    expect((await taken(environment, 2))[1]?.type).to.equal('SnapshotUnchanged');
    await dockerd.docker('volume', 'create', 'more');
    await site.api.call('POST', `/environments/${environment.id}/snapshots`);
    expect((await taken(environment, 3))[2]?.type).to.equal('SnapshotRecorded');
    const list = await eventually('the list', async () => {
      const { body } = await site.api.call('GET', `/environments/${environment.id}/snapshots`);
      return (body as { total: number }).total === 2 ? (body as { items: { summary: { volumes: number } }[] }) : undefined;
    });
    expect(list.items.map(({ summary }) => summary.volumes)).to.deep.equal([2, 1]);
    await agent.stop();
  });

  it('comes before an idle tunnel is closed and its credentials revoked', async () => {
    const environment = await site.api.createEnvironment({ name: 'idle', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: dockerd.dockerHost, EDGE_INACTIVITY_TIMEOUT: '5s' });
    await taken(environment, 1);
    await site.api.call('POST', `/environments/${environment.id}/connection?waitSeconds=20`);
    await agent.waitFor(/"reason":"idle".*tunnel ended/, 30_000);
    const tail = await eventually('the close', async () => {
      const types = (await site.api.events(`environment=${environment.id}`)).map(({ type, data }) => (data.reason === 'idle' ? `${type} idle` : type)).filter((type) => !/Polled|ApiCall/.test(type));
      return types.includes('TunnelCredentialsRevoked idle') ? types.slice(-3) : undefined;
    });
    expect(tail).to.deep.equal(['SnapshotUnchanged', 'TunnelClosed idle', 'TunnelCredentialsRevoked idle']);
    await agent.stop();
  });

  it('of an engine that is not there says so, and is taken once it is', async () => {
    const environment = await site.api.createEnvironment({ name: 'broken', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    const [failed] = await taken(environment, 1);
    expect(failed).to.deep.include({ type: 'SnapshotFailed' });
    expect(failed?.data).to.include({ reason: 'docker-socket-missing' });
    const shown = await eventually('the read model', async () => {
      const { body } = await site.api.call('GET', `/environments/${environment.id}`);
      return (body as { snapshot: object | null }).snapshot ?? undefined;
    });
    expect(shown).to.have.nested.property('lastFailure.reason', 'docker-socket-missing');
    expect((await site.api.call('GET', `/environments/${environment.id}/snapshots/latest`)).body).to.include({ code: 'snapshot-not-found' });
    await agent.stop();
  });
});
