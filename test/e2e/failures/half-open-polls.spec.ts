/** With the long durations: a half-open poll stream is noticed by both ends within 90 s, at an interval at which only pings can. */
import path from 'node:path';
import { startEngine } from '../../agent/support/engine-double.ts';
import { eventually } from '../../support/eventually.ts';
import { createTcpRelay } from '../../support/relays.ts';
import { startSite } from './support/site.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';

if (isLong) describe('a poll stream through a router that forgot it', longSuite);

function longSuite(this: Mocha.Suite): void {
  this.timeout(240_000);

  it('is left by the agent, and its heartbeat is lost at the control plane, within 90 s', async () => {
    const site = await startSite();
    const engine = await startEngine(path.join(site.folder, 'docker.sock'));
    const { httpsPort } = site.server();
    // The former connection lives on in one relay; the address leads to nobody once that relay takes no more.
    const relay = await createTcpRelay({ host: '127.0.0.1', port: httpsPort });
    try {
      const environment = await site.api.createEnvironment({ name: 'quiet', address: `localhost:${relay.port}`, pollIntervalSeconds: 86_400 });
      const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/docker.sock` });
      await agent.waitFor(/snapshot recorded/);
      relay.swallow();
      await agent.waitFor(/"code":"connection-lost"/, 90_000);
      // It comes back at once, as itself; the control plane took the former stream for lost or replaced.
      await agent.waitFor(/polling again/, 20_000);
    } finally {
      await relay.close();
      await engine.close();
      await site.stop();
    }
  });

  it('of an agent that does not come back is recorded as lost within 90 s and the 20 s for its return', async () => {
    const site = await startSite();
    const engine = await startEngine(path.join(site.folder, 'docker.sock'));
    const relay = await createTcpRelay({ host: '127.0.0.1', port: site.server().httpsPort });
    try {
      const environment = await site.api.createEnvironment({ name: 'gone', address: `localhost:${relay.port}`, pollIntervalSeconds: 86_400 });
      const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/docker.sock` });
      await agent.waitFor(/snapshot recorded/);
      relay.swallow();
      await agent.stop('SIGKILL');
      await eventually('the loss', async () => ((await site.api.events(`environment=${environment.id}&type=HeartbeatLost`)).length > 0 ? true : undefined), 112_000);
    } finally {
      await relay.close();
      await engine.close();
      await site.stop();
    }
  });
}
