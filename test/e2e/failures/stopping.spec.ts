/** SIGTERM while much is under way, and the next start on the same data directory. */
import path from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../../web-gateway/support/fake-engine.ts';
import { followEvents } from './support/api.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

describe('SIGTERM', function () {
  this.timeout(30_000);
  let engine: FakeEngine | undefined;
  let site: Site;
  let stopSite: Site['stop'] | undefined;

  before(async () => {
    // Whoever were waited for would be for an hour.
    site = await startSite({ flags: ['--drain-timeout', '1h'] });
    stopSite = site.stop;
  });
  after(async () => {
    await stopSite?.();
    await engine?.close();
  });

  it('stops a server with open polls, a followed log and followed events without waiting for any of them, and the next start is whole', async () => {
    const socket = path.join(site.folder, 'engine.sock');
    engine = await startHttpEngine(socket, (req, res) => {
      if (/\/logs\?/.test(req.url ?? '')) res.write('a line\n');
      else res.end('OK');
    });
    const environment = await site.api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${socket}` });
    await eventually('a tunnel', async () => ((await site.api.call('GET', dockerPath(environment, '/_ping'))).status === 200 ? true : undefined), 20_000);
    const logs = await site.api.open('GET', dockerPath(environment, '/containers/box/logs?follow=1&stdout=1'));
    const logsEnded = new Promise((resolve) => logs.resume().once('error', resolve).once('close', resolve));
    const tail = await followEvents(site.api);
    await eventually('a poll', () => tail.seen.find(({ type }) => type === 'AgentPolled'));

    expect((await site.server().stop()).code).to.equal(0);
    await logsEnded;

    await site.restart();
    const { body } = await site.api.call('GET', '/environments');
    expect((body as { readonly items: readonly { readonly name: string }[] }).items.map(({ name }) => name)).to.deep.equal(['factory']);
    const lost = await site.api.events(`environment=${environment.id}&type=TunnelLost`);
    expect(lost.map(({ data }) => data.reason)).to.deep.equal(['control-plane-stopping']);
    await eventually('the agent to be back', async () => ((await site.api.call('GET', dockerPath(environment, '/_ping'))).status === 200 ? true : undefined), 20_000);
    // The agent was told what it is: its log holds no trouble of a store.
    expect(agent.stderr()).to.match(/"code":"control-plane-stopping"/);
    expect(agent.stderr()).not.to.match(/event-store-unavailable/);
    expect((await agent.stop()).code).to.equal(0);
  });
});
