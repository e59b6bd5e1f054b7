/** The timeline, the time machine, activity and proof in a real browser. */
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { APIRequestContext, Locator } from 'playwright-core';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { launchBrowser, type UiBrowser, type UiPage } from './support/browser.ts';
import { addressesHere, adminElsewhere, adminOf } from './support/people.ts';

/** What happens is shown within a second, on a quiet machine. */
const SOON = { timeout: 3_000 };

describe('the past in the web UI', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;
  /** Somebody elsewhere. */
  let other: APIRequestContext;
  let id: string;

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser] = await Promise.all([startHomeport(), launchBrowser()]);
    other = await adminElsewhere(server);
    const created = await other.post('/api/v1/environments', { data: { name: 'factory', tags: ['north'], ...addressesHere(server) } });
    ({ id } = (await created.json()) as { readonly id: string });
    ui = await browser.open(server, { as: adminOf(server), path: '/timeline' });
  });
  after(async () => {
    await browser.close();
    await other.dispose();
    await server.remove();
    expect(ui.faults).to.deep.equal([]);
  });

  const change = (data: object) => other.patch(`/api/v1/environments/${id}`, { data, headers: { 'content-type': 'application/merge-patch+json' } });
  const button = (name: string | RegExp): Locator => ui.page.getByRole('button', { name, exact: true });
  const link = (name: string): Locator => ui.page.getByRole('link', { name, exact: true });
  const at = (): string | null => new URL(ui.page.url()).searchParams.get('at');
  const banner = (): Locator => ui.page.getByText('The past: as it was at');

  it('shows what happens as it happens, in words, and does not move what is read', async () => {
    await button('Environment factory created').waitFor();
    await change({ pollIntervalSeconds: 10 });
    await button('Poll interval changed from that of the settings to 10 s').waitFor(SOON);
    await button('Environment factory created').click();
    await ui.page.getByText(`environment-${id}, revision 0`).waitFor();
    await change({ name: 'north-works' });
    await ui.page.getByText('1 new entry').waitFor(SOON);
    expect(await button('Renamed from factory to north-works').count()).to.equal(0);
    await button('1 new entry').click();
    await button('Renamed from factory to north-works').waitFor();
  });

  it('shows only one kind, and only what one actor did, as the address says', async () => {
    await ui.page.goto('/timeline?kind=environment');
    await button('Environment factory created').waitFor();
    expect(await button(/signed in/).count()).to.equal(0);
    await ui.page.getByRole('combobox', { name: 'Actor' }).fill('nobody');
    await ui.page.getByRole('combobox', { name: 'Actor' }).press('Enter');
    await ui.page.getByText('Nothing has happened here').waitFor();
    expect(new URL(ui.page.url()).searchParams.get('actor')).to.equal('user:nobody');
    await ui.page.goBack();
    await button('Environment factory created').waitFor();
  });

  it('goes to just before an event, keeps the instant from page to page, and comes back to now', async () => {
    await button('Renamed from factory to north-works').click();
    await link('See it as it was just before').click();
    await banner().waitFor();
    await ui.page.getByRole('heading', { level: 1, name: 'factory' }).waitFor();
    expect(await ui.page.title()).to.match(/^The past: factory/);
    // It was made a moment before that instant, not before now; `Created` of a page about now would say `ago`.
    await ui.page.getByRole('tab', { name: 'Overview' }).click();
    await ui.page.getByRole('definition').getByText(/^(just then|\d+ s before)$/).first().waitFor();
    const before = at();
    await link('Environments').click();
    await link('factory').waitFor();
    expect(at()).to.equal(before);
    // What is shown is asked for again, and not the list alone.
    await button('Next event').click();
    await link('north-works').waitFor();
    await button('Back to now').click();
    await banner().waitFor({ state: 'detached' });
    await link('north-works').waitFor();
    expect(at()).to.equal(null);
  });

  it('is driven by the keyboard', async () => {
    await button('Time machine').click();
    const slider = ui.page.getByRole('slider', { name: 'Instant shown' });
    const startedMs = Date.now();
    await slider.press('ArrowLeft');
    await banner().waitFor();
    expect(startedMs - Date.parse(at() ?? '')).to.be.within(50_000, 70_000);
    // Nothing was there a minute ago.
    await ui.page.getByText('north-works').first().waitFor({ state: 'hidden' });
    await slider.press('End');
    await banner().waitFor({ state: 'detached' });
    await link('north-works').waitFor();
  });

  it('shows a call that somebody makes elsewhere, and exports what is filtered', async () => {
    await ui.page.goto('/activity?path=%2Fcontainers');
    await ui.page.getByText('No such calls').waitFor();
    await other.get(`/api/v1/environments/${id}/docker/v1.44/containers/json`);
    await other.get(`/api/v1/environments/${id}/docker/v1.44/images/json`);
    const call = button(/GET\s+\/v1\.44\/containers\/json/);
    await call.filter({ hasText: 'Agent not polling' }).waitFor(SOON);
    await button('Export').click();
    const [download] = await Promise.all([ui.page.waitForEvent('download'), ui.page.getByRole('menuitem', { name: 'CSV, for a spreadsheet' }).click()]);
    const [head, ...rows] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(head).to.match(/^startedAt,endedAt,environmentId,environmentName,/);
    expect(rows).to.have.lengthOf(1);
    expect(rows[0]).to.contain(`${id},north-works,,user:admin,GET,/v1.44/containers/json,503,agent-not-polling`);
  });

  it('says why there is no history to who does not reach all of the fleet', async () => {
    const olaf = { username: 'olaf', password: 'a lighthouse keeper 1907' };
    const { id: userId } = (await (await other.post('/api/v1/users', { data: { ...olaf, role: 'operator' } })).json()) as { readonly id: string };
    await other.patch(`/api/v1/users/${userId}`, { data: { grants: [{ tag: 'north', access: 'read' }] }, headers: { 'content-type': 'application/merge-patch+json' } });
    const operator = await browser.open(server, { as: olaf });
    const why = (where: string): Locator => operator.page.getByRole('region', { name: where }).getByText('No plot: the fleet’s history is kept of all environments together');
    await why('The fleet').waitFor();
    await operator.page.getByRole('button', { name: 'Time machine' }).click();
    await why('Time machine').waitFor();
    await operator.context.close();
    expect(operator.faults).to.deep.equal([]);
  });

  it('shows the checkpoint that is signed, its signature checked, and how to verify it', async () => {
    await link('Proof').click();
    await button('Sign a checkpoint now').click();
    await ui.page.getByText('Checkpoint signed').waitFor();
    const { items } = (await (await other.get('/api/v1/checkpoints?order=desc&limit=1')).json()) as { readonly items: readonly [{ readonly signature: string; readonly publicKey: string }] };
    const latest = ui.page.getByRole('region', { name: /^Latest checkpoint/ });
    await latest.getByText(items[0].signature, { exact: true }).waitFor(SOON);
    await latest.getByText('Signature checked: good').waitFor();
    await ui.page.getByText(`homeport events verify --file events.ndjson --checkpoints kept.ndjson \\\n  --public-key ${items[0].publicKey}`).waitFor();
  });
});
