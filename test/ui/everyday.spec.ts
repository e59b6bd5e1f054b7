/** A day with the web UI, from the first sign-in to a look into the past, over a real server, agent and engine. */
import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import type { RunningProcess } from '../support/child-process.ts';
import { IMAGE, startDockerd, type Dockerd } from '../support/dockerd.ts';
import { startHomeport, startHomeportCommand, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { copiedText, launchBrowser, signInByPage, type UiBrowser, type UiPage } from './support/browser.ts';
import { adminElsewhere, adminOf, AUDITOR } from './support/people.ts';

/** Whether the terminal has become lower; runs in the page. */
function hasFewerRows(than: number): boolean {
  const { document } = globalThis as unknown as { readonly document: { querySelectorAll(selector: string): { readonly length: number } } };
  const { length } = document.querySelectorAll('.xterm-rows > *');
  return length > 0 && length < than;
}

describe('a day with the web UI', function () {
  this.timeout(60_000);
  let dockerd: Dockerd;
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;
  let page: Page;
  let folder: TemporaryFolder;
  let agent: RunningProcess | undefined;
  /** The environment's own address, and an instant at which its container ran. */
  let address = '';
  let whileItRan = '';

  before(async function () {
    requireRealParts(this, 'chromium');
    folder = createTemporaryFolder();
    [dockerd, server, browser] = await Promise.all([startDockerd(this), startHomeport(), launchBrowser()]);
    const talk = 'trap "exit 0" TERM; n=0; while true; do n=$((n + 1)); echo "line $n of the talker"; usleep 200000 || exit; done';
    await dockerd.docker('run', '--detach', '--network', 'none', '--name', 'talker', IMAGE, 'sh', '-c', talk);
    ui = await browser.open(server, { reducedMotion: 'no-preference' });
    ({ page } = ui);
  });
  after(async () => {
    await browser.close();
    await agent?.stop();
    await server.remove();
    await dockerd.stop();
    folder.remove();
  });
  afterEach(() => expect(ui.faults).to.deep.equal([]));

  const step = (name: string): Locator => page.getByRole('list', { name: 'How the agent arrives' }).getByRole('listitem').filter({ hasText: name });
  const row = (of: Page = page): Locator => of.getByRole('row', { name: /talker/ });

  it('begins with nothing but a way to add an environment', async () => {
    await signInByPage(page, adminOf(server));
    await page.getByRole('link', { name: 'Add an environment' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('factory');
    await page.getByRole('checkbox', { name: 'The agent runs on this server’s machine' }).check();
    await page.getByRole('button', { name: 'More choices' }).click();
    await page.getByLabel('Tunnel address').fill(`localhost:${server.tunnelPort}`);
    await page.getByRole('button', { name: 'Create the environment' }).click();
    await page.getByRole('heading', { name: 'Waiting for the agent' }).waitFor();
  });

  it('shows the agent arrive: polled, associated, ready', async () => {
    await page.getByRole('button', { name: 'Copy the join token' }).click();
    const joinToken = await copiedText(page);
    agent = startHomeportCommand(['agent'], { EDGE_KEY: joinToken, EDGE_ID: '5c3ae1f6-6d0e-4a41-8f0c-5cc2f6f2a7a1', EDGE_INSECURE_POLL: '1', DOCKER_HOST: dockerd.dockerHost, DATA_PATH: folder.path, EDGE_INACTIVITY_TIMEOUT: '2s' });
    await page.getByRole('heading', { name: 'The agent is here' }).waitFor();
    for (const name of ['Polled', 'Associated', 'Ready']) expect(await step(name).locator('time').count(), name).to.equal(1);
  });

  it('connects as soon as the environment is chosen', async () => {
    await page.getByRole('link', { name: 'Connect' }).click();
    await page.getByRole('button', { name: 'Disconnect' }).waitFor();
    address = new URL(page.url()).pathname;
    await page.getByRole('tab', { name: 'Containers' }).click();
    await row().getByText('Running', { exact: true }).waitFor();
  });

  it('follows a container’s log', async () => {
    await row().getByRole('button', { name: 'Logs' }).click();
    const lines = page.getByRole('log', { name: 'Log lines' });
    await lines.getByText(/^line \d+ of the talker/).first().waitFor();
    const last = async (): Promise<number> => Number(/line (\d+) of the talker(?![^]*line \d+ of the talker)/.exec((await lines.textContent()) ?? '')?.[1]);
    const seen = await last();
    await lines.getByText(`line ${seen + 5} of the talker`).waitFor();
  });

  it('has a shell in it, whose size follows the window’s', async () => {
    await page.getByRole('tab', { name: 'Terminal' }).click();
    const terminal = page.getByRole('group', { name: 'Terminal' });
    const lines = terminal.locator('.xterm-rows');
    await lines.getByText(/[#$]\s*$/).first().waitFor();
    /** As the shell says it, after a word of its own. */
    const size = async (word: string): Promise<readonly number[]> => {
      await terminal.click();
      await page.keyboard.type(`clear; echo "${word} $(stty size)."\n`);
      const text = await lines.getByText(new RegExp(`^${word} \\d+ \\d+\\.`)).first().textContent();
      return (text ?? '').match(/\d+/g)?.map(Number) ?? [];
    };
    const [rows = 0, columns = 0] = await size('wide');
    await page.setViewportSize({ width: 900, height: 620 });
    // What is typed then goes through after the new size, in order.
    await page.waitForFunction(hasFewerRows, rows);
    const [rowsThen = 0, columnsThen = 0] = await size('narrow');
    expect(rowsThen).to.be.below(rows).and.above(0);
    expect(columnsThen).to.be.below(columns).and.above(0);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.type('exit 7\n');
    await page.getByText(/exit(ed with)? code 7/i).first().waitFor();
  });

  it('stops a container, and shows it stopped as soon as it is', async () => {
    whileItRan = new Date().toISOString();
    await page.getByRole('button', { name: 'Close' }).click();
    await row().getByRole('button', { name: 'Stop' }).click();
    await row().getByText('Exited', { exact: true }).waitFor();
    expect((await dockerd.docker('inspect', '--format', '{{.State.Running}}', 'talker')).stdout).to.equal('false\n');
  });

  it('lets the tunnel go when nobody looks any more', async () => {
    await page.getByRole('link', { name: 'Environments', exact: true }).click();
    await page.getByRole('row', { name: /factory/ }).getByText('Closed').waitFor();
  });

  it('shows an auditor the last snapshot, its age, and no action that would be refused', async () => {
    const elsewhere = await adminElsewhere(server);
    await elsewhere.post('/api/v1/users', { data: AUDITOR });
    await elsewhere.dispose();
    const auditor = await browser.open(server, { as: AUDITOR });
    await auditor.page.getByRole('row', { name: /factory/ }).waitFor();
    expect(await auditor.page.getByRole('link', { name: 'Add an environment' }).count()).to.equal(0);
    expect(await auditor.page.getByRole('row', { name: /factory/ }).getByText('Connect', { exact: true }).count()).to.equal(0);
    await auditor.page.getByRole('link', { name: 'factory', exact: true }).click();
    await auditor.page.getByRole('tab', { name: 'Containers' }).click();
    await auditor.page.getByText(/^Snapshot, taken/).waitFor();
    await row(auditor.page).getByText('Exited', { exact: true }).waitFor();
    for (const name of ['Disconnect', 'Take a snapshot now', 'Edit']) expect(await auditor.page.getByRole('button', { name }).count(), name).to.equal(0);
    expect(await row(auditor.page).getByRole('button', { name: 'Start' }).getAttribute('aria-disabled')).to.equal('true');
    expect(auditor.faults).to.deep.equal([]);
    await auditor.context.close();
  });

  it('shows the container running when the clock is turned back', async () => {
    await page.goto(`${address}?tab=containers&at=${whileItRan}`);
    await page.getByText(/^The past/).first().waitFor();
    await row().getByText('Running', { exact: true }).waitFor();
    expect(await row().getByRole('button', { name: 'Stop' }).getAttribute('aria-disabled')).to.equal('true');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await row().getByText('Exited', { exact: true }).waitFor();
  });
});
