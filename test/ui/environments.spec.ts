/** The list of environments, the search for containers and the command palette in a real browser. */
import { expect } from 'chai';
import type { APIRequestContext, Locator, Request } from 'playwright-core';
import { startFleet, type Fleet } from '../../agent/fleet/fleet.ts';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { launchBrowser, type UiBrowser, type UiPage } from './support/browser.ts';
import { addressesHere, adminElsewhere, adminOf, AUDITOR } from './support/people.ts';

const ENVIRONMENTS = 130;
/** What happens is shown within a second; the list asks for its rows again by itself every five. */
const SOON = { timeout: 3_000 };

interface Created {
  readonly id: string;
  readonly issuedEdgeId: string;
  readonly joinToken: string;
}

describe('the fleet in the web UI', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;
  let fleet: Fleet;
  /** Another one, elsewhere. */
  let other: APIRequestContext;
  const ids = new Map<string, string>();

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser] = await Promise.all([startHomeport(), launchBrowser()]);
    other = await adminElsewhere(server);
    const names = Array.from({ length: ENVIRONMENTS - 1 }, (_, index) => `site-${String(index).padStart(3, '0')}`);
    for (let begin = 0; begin < names.length; begin += 10) await Promise.all(names.slice(begin, begin + 10).map((name, index) => create(name, index === 0 ? ['north'] : [])));
    const { id: _, ...joining } = await create('workshop', ['line-1']);
    fleet = await startFleet({ agents: [{ name: 'workshop', edgeId: joining.issuedEdgeId, joinToken: joining.joinToken, bringsSnapshots: true }], trust: { kind: 'binding' }, joinMs: 0 });
    ui = await browser.open(server, { as: adminOf(server) });
  });
  after(async () => {
    await browser.close();
    await other.dispose();
    await fleet.stop();
    await server.remove();
    expect(ui.faults).to.deep.equal([]);
  });

  async function create(name: string, tags: readonly string[]): Promise<Created> {
    const answer = await other.post('/api/v1/environments', { data: { name, tags, ...addressesHere(server) } });
    const created = (await answer.json()) as Created;
    ids.set(name, created.id);
    return created;
  }

  const link = (name: string): Locator => ui.page.getByRole('link', { name, exact: true });
  const row = (name: string): Locator => ui.page.getByRole('row').filter({ has: link(name) });
  const counted = (text: string): Promise<void> => ui.page.getByRole('status').filter({ hasText: text }).waitFor();
  const query = (): string => new URL(ui.page.url()).search;

  it('shows how many there are, and any of them by scrolling', async () => {
    await counted(`${ENVIRONMENTS} environments`);
    await link('site-000').waitFor();
    // To its end.
    await ui.page.getByRole('region', { name: 'Environments' }).press('End');
    await row('workshop').getByText('Up', { exact: true }).waitFor();
    expect(await link('site-000').count()).to.equal(0);
    // Counts of its first snapshot: the web server and its database.
    await row('workshop').getByRole('img', { name: '2 of 2 containers running' }).waitFor();
  });

  it('is narrowed and sorted by the server, and the address says how', async () => {
    await ui.page.getByLabel('Search by name').fill('site-01');
    await counted(`10 of ${ENVIRONMENTS} environments`);
    await ui.page.getByRole('button', { name: 'Name', exact: true }).click();
    await ui.page.waitForURL(/sort=-name/);
    await ui.page.reload();
    await counted(`10 of ${ENVIRONMENTS} environments`);
    expect(await ui.page.getByRole('region', { name: 'Environments' }).getByRole('link', { name: /^site/ }).first().textContent()).to.equal('site-019');
    await ui.page.getByRole('button', { name: 'north', exact: true }).click();
    await counted(`1 of ${ENVIRONMENTS} environment`);
    expect(query()).to.equal('?search=site-01&sort=-name&tag=north');
    await ui.page.getByRole('button', { name: 'Clear filters' }).click();
    await ui.page.getByRole('link', { name: /Up$/ }).click();
    await counted(`1 of ${ENVIRONMENTS} environment`);
    expect(query()).to.equal('?status=up');
    await link('workshop').waitFor();
  });

  it('shows what somebody else changes, adds and removes within a second, without being asked', async () => {
    await ui.page.goto('/');
    await row('site-001').waitFor();
    await other.patch(`/api/v1/environments/${ids.get('site-001') ?? ''}`, { data: { tags: ['moved'] } });
    await row('site-001').getByText('moved').waitFor(SOON);
    await other.patch(`/api/v1/environments/${ids.get('site-002') ?? ''}`, { data: { name: 'annex' } });
    await link('annex').waitFor(SOON);
    await create('attic', []);
    await link('attic').waitFor(SOON);
    await counted(`${ENVIRONMENTS + 1} environments`);
    await other.delete(`/api/v1/environments/${ids.get('attic') ?? ''}`);
    await link('attic').waitFor({ state: 'detached', ...SOON });
    await counted(`${ENVIRONMENTS} environments`);
  });

  it('shows what has changed while another screen was looked at', async () => {
    await link('Timeline').click();
    await other.patch(`/api/v1/environments/${ids.get('site-001') ?? ''}`, { data: { tags: ['away'] } });
    await ui.page.getByRole('button', { name: /^Tags .* away$/ }).waitFor();
    await link('Environments').click();
    // Sooner than the list asks again by itself.
    await row('site-001').getByText('away').waitFor({ timeout: 4_500 });
  });

  it('asks about once a second, however much changes', async () => {
    const asked: string[] = [];
    const note = (sent: Request): unknown => sent.url().includes('/api/v1/environments?') && asked.push(sent.url());
    ui.page.on('request', note);
    const begunMs = performance.now();
    const all = [...ids].filter(([name]) => name.startsWith('site-'));
    for (let begin = 0; begin < 120; begin += 8) await Promise.all(all.slice(begin, begin + 8).map(async ([, id]) => other.patch(`/api/v1/environments/${id}`, { data: { tags: ['busy'] } })));
    await row('site-003').getByText('busy').waitFor(SOON);
    const seconds = (performance.now() - begunMs) / 1000;
    ui.page.off('request', note);
    // Of two pages in sight; and every five seconds by itself.
    expect(asked.length).to.be.within(1, 2 * (seconds / 0.9 + 1) + 2 * (seconds / 5 + 1));
  });

  it('finds containers in all environments, and leads to them', async () => {
    await ui.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Containers' }).click();
    await counted('2 containers in all environments');
    await ui.page.getByLabel('Name', { exact: true }).fill('WE');
    await counted('1 container found');
    expect(query()).to.equal('?name=WE');
    await link('web').click();
    await ui.page.getByRole('heading', { level: 1, name: 'workshop' }).waitFor();
    expect(query()).to.equal('?tab=containers&container=web');
  });

  it('goes anywhere by the keyboard alone', async () => {
    await ui.page.keyboard.press('Control+K');
    await ui.page.getByRole('dialog', { name: 'Go to' }).waitFor();
    await ui.page.keyboard.type('site-11');
    await ui.page.getByRole('button', { name: /^site-110/ }).waitFor();
    await ui.page.keyboard.press('ArrowDown');
    await ui.page.keyboard.press('Enter');
    await ui.page.getByRole('heading', { level: 1, name: 'site-111' }).waitFor();
    await ui.page.getByRole('dialog', { name: 'Go to' }).waitFor({ state: 'detached' });
    await ui.page.keyboard.press('Control+K');
    await ui.page.getByRole('dialog', { name: 'Go to' }).waitFor();
    await ui.page.keyboard.type('add an');
    await ui.page.getByRole('button', { name: 'Add an environment' }).waitFor();
    await ui.page.keyboard.press('Enter');
    await ui.page.waitForURL(/environments\/new/);
  });

  it('offers an auditor nothing that would be refused', async () => {
    await other.post('/api/v1/users', { data: AUDITOR });
    const theirs = await browser.open(server, { as: AUDITOR, path: '/?status=up' });
    await theirs.page.getByRole('link', { name: 'workshop', exact: true }).waitFor();
    expect(await theirs.page.getByText('Add an environment').count()).to.equal(0);
    expect(await theirs.page.getByText('Connect', { exact: true }).and(theirs.page.locator('a, button, a *, button *')).count()).to.equal(0);
    await theirs.page.keyboard.press('Control+K');
    await theirs.page.getByRole('dialog', { name: 'Go to' }).waitFor();
    await theirs.page.keyboard.type('workshop');
    await theirs.page.getByRole('dialog').getByRole('button', { name: /^workshop/ }).waitFor();
    expect(await theirs.page.getByRole('dialog').getByText(/Connect|Add/).count()).to.equal(0);
    expect(theirs.faults).to.deep.equal([]);
    await theirs.context.close();
  });
});
