/** Adding an environment in a real browser, until a real agent is there. */
import path from 'node:path';
import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { startEngine, type EngineDouble } from '../agent/support/engine-double.ts';
import { startAgent, startHomeport, type HomeportAgent, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { copiedText, launchBrowser, type UiBrowser, type UiPage } from './support/browser.ts';
import { adminOf } from './support/people.ts';

describe('adding an environment in the web UI', function () {
  this.timeout(60_000);
  const folder = createTemporaryFolder();
  const socket = path.join(folder.path, 'engine.sock');
  let server: HomeportServer;
  let browser: UiBrowser;
  let engine: EngineDouble;
  let ui: UiPage;
  let agent: HomeportAgent | undefined;

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser, engine] = await Promise.all([startHomeport(), launchBrowser(), startEngine(socket)]);
    ui = await browser.open(server, { as: adminOf(server), path: '/environments/new' });
  });
  after(async () => {
    await agent?.stop();
    await browser.close();
    await engine.close();
    await server.remove();
    folder.remove();
    expect(ui.faults).to.deep.equal([]);
  });

  const step = (name: string): Locator => ui.page.getByRole('list', { name: 'How the agent arrives' }).getByRole('listitem').filter({ hasText: name });
  const copied = (): Promise<string> => copiedText(ui.page);
  const join = (edgeId: string, edgeKey: string): HomeportAgent => startAgent({ edgeId, edgeKey, dockerHost: `unix://${socket}`, env: { DATA_PATH: path.join(folder.path, 'agent') } });
  const valueOf = async (term: string): Promise<string> => (await ui.page.locator('dl > div', { has: ui.page.locator('dt', { hasText: new RegExp(`^${term}$`) }) }).locator('code').textContent()) ?? '';

  it('explains that a loopback address is nobody else’s, and puts what the server refuses at its field', async () => {
    const address = ui.page.getByLabel('Address', { exact: true });
    expect(await address.inputValue()).to.equal(new URL(server.url).host);
    await ui.page.getByText('Only this server’s own machine can call that').waitFor();
    await ui.page.getByLabel('Name', { exact: true }).fill('/factory');
    await ui.page.getByRole('checkbox', { name: 'The agent runs on this server’s machine' }).check();
    await ui.page.getByRole('button', { name: 'Create the environment' }).click();
    await ui.page.getByText(/^A name has .* begins with a letter or digit\.$/).waitFor();
    expect(await ui.page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid')).to.equal('true');
  });

  it('makes it, and shows its join token part by part with the secret hidden, and commands to copy whole', async () => {
    await ui.page.getByLabel('Name', { exact: true }).fill('factory');
    await ui.page.getByLabel('Poll interval').selectOption('1 min');
    await ui.page.getByRole('button', { name: 'More choices' }).click();
    await ui.page.getByLabel('Tunnel address').fill(`localhost:${server.tunnelPort}`);
    await ui.page.getByRole('button', { name: 'Create the environment' }).click();
    await ui.page.getByRole('heading', { level: 1, name: 'factory' }).waitFor();

    expect(await valueOf('API')).to.equal(server.url);
    expect(await valueOf('Tunnel')).to.equal(`localhost:${server.tunnelPort}`);
    expect(await valueOf('Fingerprint')).to.match(/^[A-Za-z0-9+/]{43}=$/);
    expect(await valueOf('Environment and secret')).to.match(/^[a-z0-9]+\.•+$/);
    await ui.page.getByRole('button', { name: 'Copy the join token' }).click();
    const token = await copied();
    await ui.page.getByRole('button', { name: 'Show the secret' }).click();
    expect(Buffer.from(token, 'base64').toString()).to.equal([server.url, `localhost:${server.tunnelPort}`, await valueOf('Fingerprint'), await valueOf('Environment and secret')].join('|'));

    await ui.page.getByRole('tab', { name: 'systemd' }).click();
    await ui.page.getByRole('button', { name: 'Copy the command' }).click();
    expect(await copied()).to.include(`EDGE_KEY=${token}\n`);
    expect(await ui.page.getByRole('region', { name: 'The command for systemd' }).textContent()).not.to.include(token);
  });

  it('names the reason of an attempt that was turned away, and after half a minute without any the line to run', async () => {
    await ui.page.clock.install();
    await ui.page.reload();
    await ui.page.getByRole('heading', { name: 'Waiting for the agent' }).waitFor();
    expect(await ui.page.getByText('No agent has called so far').isVisible()).to.equal(false);
    await ui.page.clock.fastForward(31_000);
    await ui.page.getByText('No agent has called so far').waitFor();
    expect(await ui.page.getByRole('region', { name: 'The command that finds out what is wrong' }).textContent()).to.match(/agent\.env.* doctor\)$/s);

    await ui.page.getByRole('button', { name: 'Copy the join token' }).click();
    const parts = Buffer.from(await copied(), 'base64').toString().split('.');
    const wrong = join(await valueOf('Edge ID'), Buffer.from([...parts.slice(0, -1), Buffer.alloc(32).toString('base64url')].join('.')).toString('base64'));
    const attempts = ui.page.getByRole('list', { name: 'Rejected attempts' });
    await attempts.getByText('Its join token’s secret is not this environment’s').waitFor();
    expect(await attempts.textContent()).to.include('127.0.0.1');
    await wrong.stop();
  });

  it('shows the agent arrive without a reload: polled, associated, ready; and leads to the environment', async () => {
    await ui.page.getByRole('button', { name: 'Copy the join token' }).click();
    agent = join(await valueOf('Edge ID'), await copied());
    await ui.page.getByRole('heading', { name: 'The agent is here' }).waitFor();
    for (const name of ['Polled', 'Associated', 'Ready']) expect(await step(name).locator('time').count(), name).to.equal(1);
    expect(await step('Ready').textContent()).to.include('28.2.2');
    expect(await ui.page.getByRole('list', { name: 'Rejected attempts' }).count()).to.equal(0);
    await ui.page.getByRole('link', { name: 'Connect' }).click();
    await ui.page.waitForURL(/\/environments\/[a-z0-9]+$/);
  });
});
