/** Poll health and tunnel health, apart: over REST and in `homeport env show`, each with its last failure's reason and time. */
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { findFreePort } from '../../support/ports.ts';
import type { CreatedEnvironment } from './support/api.ts';
import { startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

interface Failure {
  readonly reason: string;
  readonly at: string;
}
interface Health {
  readonly status: string;
  readonly heartbeat: { readonly state: string; readonly lastPolledAt: string | null; readonly lastFailure: Failure | null };
  readonly tunnel: { readonly state: string; readonly lastFailure: (Failure & { readonly detail: string }) | null };
}

describe('the health of an environment', function () {
  this.timeout(60_000);
  let site: Site;
  let stopSite: Site['stop'] | undefined;

  before(async () => {
    site = await startSite();
    stopSite = site.stop;
    await site.server().signIn();
  });
  after(async () => stopSite?.());

  const healthOf = async ({ id }: CreatedEnvironment): Promise<Health> => (await site.api.call('GET', `/environments/${id}`)).body as Health;
  const shown = async ({ name }: CreatedEnvironment): Promise<string> => (await site.server().homeport('env', 'show', name)).stdout;
  const engine = (): Readonly<Record<string, string>> => ({ DOCKER_HOST: `unix://${path.join(site.folder, 'no-engine.sock')}` });

  it('where polls work and the tunnel port does not: the heartbeat is up, and the tunnel says why and when', async () => {
    const environment = await site.api.createEnvironment({ name: 'half', pollIntervalSeconds: 1, tunnelAddress: `127.0.0.1:${await findFreePort()}` });
    const agent = site.startAgent(environment, engine());
    await agent.waitFor(/polling the control plane/);
    const requiredAt = new Date().toISOString();
    expect((await site.api.call('POST', `/environments/${environment.id}/connection`)).status).to.equal(202);
    const { status, heartbeat, tunnel } = await eventually('the failure', async () => {
      const health = await healthOf(environment);
      return health.tunnel.lastFailure === null ? undefined : health;
    });
    expect({ status, state: heartbeat.state, lastFailure: heartbeat.lastFailure }).to.deep.equal({ status: 'up', state: 'up', lastFailure: null });
    expect(tunnel.lastFailure?.reason).to.equal('connection-refused');
    expect(tunnel.lastFailure?.detail).to.match(/nothing listens at this address/);
    expect([requiredAt, tunnel.lastFailure?.at].sort()[0]).to.equal(requiredAt);
    expect(await shown(environment)).to.match(/^Heartbeat +up$[^]*^Tunnel trouble +connection-refused at \d{4}-.*nothing listens at this address/m);
    await agent.stop();
  });

  it('where polls are refused: the heartbeat says why and when, and there is nothing to say of a tunnel', async () => {
    const environment = await site.api.createEnvironment({ name: 'refused', pollIntervalSeconds: 1 });
    const other = await site.api.createEnvironment({ name: 'other' });
    expect((await site.api.call('POST', `/environments/${environment.id}/rotate-token`)).status).to.equal(200);
    const agent = site.startAgent({ ...environment, issuedEdgeId: other.issuedEdgeId }, engine());
    await agent.waitFor(/"code":"token-rotated"/);
    const { heartbeat, tunnel } = await eventually('the refusal', async () => {
      const health = await healthOf(environment);
      return health.heartbeat.lastFailure === null ? undefined : health;
    });
    expect(heartbeat).to.include({ state: 'never', lastPolledAt: null });
    expect(heartbeat.lastFailure?.reason).to.equal('token-rotated');
    expect(tunnel.lastFailure).to.equal(null);
    expect(await shown(environment)).to.match(/^Heartbeat +never$[^]*^Poll trouble +token-rotated at \d{4}-/m);
    await agent.stop();
  });
});
