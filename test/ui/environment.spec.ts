/** An environment's page in a real browser, over a real agent and a real engine. */
import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { startDockerSite, NAME, type DockerSite } from '../e2e/docker/support/site.ts';
import { IMAGE } from '../support/dockerd.ts';
import { eventually } from '../support/eventually.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { launchBrowser, type UiBrowser, type UiPage } from './support/browser.ts';
import { adminElsewhere, adminOf, AUDITOR } from './support/people.ts';

/** Ends at once when it is told to; what it says names the run, for it is started twice. */
const TALKER = 'trap "exit 0" TERM; read run rest < /proc/uptime; i=0; while true; do i=$((i+1)); echo "item $i of $run is done"; [ $i = 3 ] && echo "item 3 was slow" >&2; sleep 0.2 || exit; done';

describe('an environment’s page in the web UI', function () {
  this.timeout(60_000);
  let site: DockerSite;
  let browser: UiBrowser;
  let ui: UiPage;
  let address: string;

  before(async function () {
    requireRealParts(this, 'chromium', 'dockerd', 'docker', 'busybox');
    [site, browser] = await Promise.all([startDockerSite(this), launchBrowser()]);
    const run = (name: string, command: string, ...flags: readonly string[]): Promise<unknown> => site.dockerd.docker('run', '--detach', '--network', 'none', '--name', name, ...flags, IMAGE, 'sh', '-c', command);
    await Promise.all([run('shop-web-1', TALKER, '--label', 'com.docker.compose.project=shop'), run('homeport-agent', 'sleep 1000'), run('stubborn', 'sleep 1000')]);
    const elsewhere = await adminElsewhere(site.server);
    await elsewhere.post('/api/v1/users', { data: AUDITOR });
    const { items } = (await (await elsewhere.get('/api/v1/environments')).json()) as { readonly items: readonly [{ readonly id: string }] };
    await elsewhere.dispose();
    address = `/environments/${items[0].id}`;
    ui = await browser.open(site.server, { as: adminOf(site.server), path: address, reducedMotion: 'no-preference' });
  });
  after(async () => {
    await browser.close();
    await site.stop();
    expect(ui.faults).to.deep.equal([]);
  });

  const button = (name: string | RegExp): Locator => ui.page.getByRole('button', { name, exact: true });
  const row = (container: string): Locator => ui.page.getByRole('row').filter({ has: ui.page.getByRole('link', { name: container, exact: true }) });
  const tab = (name: string): Locator => ui.page.getByRole('tab', { name, exact: true });

  it('is connected as soon as it is opened, and says how: each step with its time', async () => {
    await ui.page.getByRole('heading', { level: 1, name: NAME }).waitFor();
    await button('Disconnect').waitFor();
    await ui.page.getByRole('button', { name: /how it was connected/ }).click();
    const steps = ui.page.getByRole('list', { name: 'Steps of the connection' }).getByRole('listitem');
    // They are asked for once they are looked at.
    await steps.nth(4).getByText('done').waitFor();
    expect((await steps.allTextContents()).map((text) => /^(.*?)(?=done)/.exec(text)?.[1])).to.deep.equal(['Required', 'Agent told', 'Credentials sent', 'Tunnel opening', 'Open']);
    for (const index of [1, 2, 4]) expect(await steps.nth(index).textContent()).to.match(/\+\d+\.\d\d s/);
    await ui.page.keyboard.press('Escape');
  });

  it('shows at once what happens on the engine, whoever does it, and stops a container', async () => {
    await tab('Containers').click();
    await row('shop-web-1').getByText('Running').waitFor();
    await site.dockerd.docker('pause', 'shop-web-1');
    await row('shop-web-1').getByText('Paused', { exact: true }).waitFor({ timeout: 5_000 });
    await site.dockerd.docker('unpause', 'shop-web-1');
    await row('shop-web-1').getByText('Running').waitFor();
    await row('shop-web-1').getByRole('button', { name: 'Stop', exact: true }).click();
    await row('shop-web-1').getByText('Exited', { exact: true }).waitFor();
    expect((await site.dockerd.docker('inspect', '--format', '{{.State.Status}}', 'shop-web-1')).stdout.trim()).to.equal('exited');
    await row('shop-web-1').getByRole('button', { name: 'Start', exact: true }).click();
    await row('shop-web-1').getByText('Running').waitFor();
  });

  it('does not stop the agent’s own container by mistake, and says why', async () => {
    const stop = row('homeport-agent').getByRole('button', { name: 'Stop', exact: true });
    expect(await stop.getAttribute('aria-disabled')).to.equal('true');
    expect(await stop.getAttribute('aria-description')).to.match(/the agent itself/);
    await stop.click({ force: true });
    await row('shop-web-1').getByRole('button', { name: 'Inspect', exact: true }).waitFor();
    expect((await site.dockerd.docker('inspect', '--format', '{{.State.Running}}', 'homeport-agent')).stdout.trim()).to.equal('true');
  });

  it('has what can be done with a container in sight on a phone, below its name', async () => {
    await ui.page.setViewportSize({ width: 390, height: 844 });
    await ui.page.getByRole('columnheader', { name: 'Actions', exact: true }).waitFor({ state: 'detached' });
    const more = row('shop-web-1').getByRole('button', { name: 'More for shop-web-1', exact: true });
    // The page moves aside to make room.
    await eventually('them in sight', async () => {
      const { x, width } = (await more.boundingBox()) ?? { x: 390, width: 1 };
      return x + width <= 390 ? true : undefined;
    });
    await ui.page.setViewportSize({ width: 1280, height: 800 });
    await ui.page.getByRole('columnheader', { name: 'Actions', exact: true }).waitFor();
  });

  it('kills a container that takes its time to stop, and does nothing else with it meanwhile', async () => {
    await ui.page.getByRole('link', { name: 'stubborn', exact: true }).click();
    const drawer = ui.page.getByRole('dialog', { name: 'stubborn', exact: true });
    await drawer.getByRole('button', { name: 'Stop', exact: true }).click();
    await drawer.getByRole('button', { name: 'Restart', exact: true, disabled: true }).waitFor();
    await drawer.getByRole('button', { name: 'Kill', exact: true }).click();
    await ui.page.getByRole('dialog', { name: 'Kill stubborn?' }).getByRole('button', { name: 'Kill', exact: true }).click();
    await drawer.getByText('Exited', { exact: true }).waitFor({ timeout: 5_000 });
    await drawer.getByRole('button', { name: 'Start', exact: true, disabled: false }).waitFor();
    await ui.page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  });

  it('is filtered as its address says', async () => {
    await ui.page.getByLabel('Filter containers').fill('shop');
    await ui.page.waitForURL(/filter=shop/);
    await row('homeport-agent').waitFor({ state: 'detached' });
    await ui.page.getByLabel('Filter containers').fill('');
    await row('homeport-agent').waitFor();
  });

  it('follows logs, tells what went to standard error, and finds words', async () => {
    await row('shop-web-1').getByRole('button', { name: 'Logs', exact: true }).click();
    const log = ui.page.getByRole('log');
    await log.getByText('is done').last().waitFor();
    const [, item, run] = [...(await log.innerText()).matchAll(/item (\d+) of (\S+) is done/g)].at(-1) ?? [];
    await log.getByText(`item ${Number(item) + 3} of ${run} is done`, { exact: true }).waitFor();
    await ui.page.getByLabel('Search the logs').fill('was slow');
    await ui.page.getByRole('status').filter({ hasText: /\d match/ }).waitFor();
    await ui.page.getByRole('switch', { name: 'Only matching lines' }).check();
    expect((await log.innerText()).trim().split('\n').filter((text) => text !== '').slice(0, 2)).to.deep.equal(['err', 'item 3 was slow']);
    await ui.page.getByLabel('Search the logs').fill('');
  });

  it('runs a shell whose window is as large as the page leaves room for, says how it ended, and lets the keyboard out', async () => {
    await tab('Terminal').click();
    const terminal = ui.page.getByRole('group', { name: 'Terminal' });
    await terminal.getByText('/ #').first().waitFor();
    const size = ui.page.getByText(/^\d+ × \d+$/);
    /** As the page says it, once the shell in it says the same. */
    async function agreedSize(): Promise<string> {
      const [cols, rows] = ((await size.textContent()) ?? '').split(' × ');
      await ui.page.keyboard.type('clear; stty size\n');
      await terminal.getByText(`${rows} ${cols}`, { exact: true }).waitFor();
      return `${cols} × ${rows}`;
    }
    const large = await agreedSize();
    await ui.page.setViewportSize({ width: 900, height: 640 });
    await size.filter({ hasNotText: large }).waitFor();
    expect(await agreedSize()).not.to.equal(large);
    await ui.page.setViewportSize({ width: 1280, height: 800 });
    await ui.page.keyboard.press('Control+Shift+E');
    expect(await ui.page.locator(':focus').textContent()).to.equal('Copy selection');
    await terminal.click();
    await ui.page.keyboard.type('exit 3\n');
    await ui.page.getByText('It ended with exit code 3.').waitFor();
  });

  it('shows a container’s figures and all that is known of it', async () => {
    await tab('Stats').click();
    await ui.page.getByRole('figure').filter({ hasText: 'Memory' }).getByText(/B of /).waitFor();
    await tab('Inspect').click();
    await ui.page.getByText('com.docker.compose.project=shop').waitFor();
    await ui.page.keyboard.press('Escape');
    await ui.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('compares two snapshots', async () => {
    await tab('Snapshots').click();
    await ui.page.getByRole('radio', { name: /^Before/ }).last().check();
    await button('Take a snapshot now').click();
    await ui.page.getByRole('radio', { name: /^After/ }).nth(1).waitFor();
    await ui.page.getByRole('radio', { name: /^After/ }).first().check();
    await ui.page.getByRole('table', { name: 'Containers' }).getByRole('row').filter({ hasText: 'shop-web-1' }).getByText('Added').waitFor();
  });

  it('is edited in a dialog, which gives the focus back', async () => {
    await tab('Overview').click();
    await button('Edit').click();
    const dialog = ui.page.getByRole('dialog', { name: `Edit ${NAME}` });
    await dialog.getByLabel('Poll interval').selectOption('10 s');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await ui.page.getByText(`${NAME} is changed.`).waitFor();
    await button('Edit').and(ui.page.locator(':focus')).waitFor();
  });

  it('shows the last snapshot, marked with its age, where it is disconnected; and connects again', async () => {
    await tab('Containers').click();
    await button('Disconnect').click();
    await ui.page.getByText(/^Snapshot, taken/).waitFor();
    const stop = row('shop-web-1').getByRole('button', { name: 'Stop', exact: true });
    expect(await stop.getAttribute('aria-disabled')).to.equal('true');
    await button('Connect').click();
    await button('Disconnect').waitFor();
    await row('shop-web-1').getByText(/^Up /).waitFor();
  });

  it('says that the tunnel is gone when its agent is, and is connected again by itself when it is back', async () => {
    await site.agent.stop();
    await ui.page.getByText(`Connecting to ${NAME} again…`).waitFor();
    site.startAgent();
    await button('Disconnect').waitFor();
  });

  it('is looked at by an auditor without being connected, by its last snapshot', async () => {
    await button('Disconnect').click();
    await ui.page.getByText('Disconnected.').waitFor();
    const auditor = await browser.open(site.server, { as: AUDITOR, path: `${address}?tab=containers` });
    await auditor.page.getByText('Your role looks at snapshots').waitFor();
    await auditor.page.getByRole('link', { name: 'shop-web-1', exact: true }).waitFor();
    expect(await auditor.page.getByRole('button', { name: /^(Connect|Disconnect)$/ }).count()).to.equal(0);
    const state = await auditor.page.evaluate(async (path) => ((await (await fetch(`/api/v1${path}/connection`)).json()) as { state: string }).state, address);
    expect(state).to.equal('closed');
    await auditor.context.close();
    expect(auditor.faults).to.deep.equal([]);
  });
});
