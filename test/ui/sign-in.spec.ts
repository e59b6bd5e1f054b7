/** Signing in and out in a real browser. */
import { expect } from 'chai';
import { requireRealParts } from '../support/real-parts.ts';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { launchBrowser, signInByPage, type UiBrowser, type UiPage } from './support/browser.ts';
import { addressesHere, adminElsewhere, adminOf, type Person } from './support/people.ts';

describe('signing in by the web UI', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser] = await Promise.all([startHomeport(), launchBrowser()]);
  });
  afterEach(async () => {
    await ui.context.close();
    expect(ui.faults).to.deep.equal([]);
  });
  after(async () => {
    await browser.close();
    await server.remove();
  });

  const admin = (): Person => adminOf(server);
  /** Elsewhere, as by an admin. */
  const endSession = (): Promise<unknown> => ui.page.evaluate(() => fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-homeport-csrf': '1' } }));
  async function signOut(): Promise<void> {
    await ui.page.getByRole('button', { name: /^Account/ }).click();
    await ui.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await ui.page.getByLabel('Username').waitFor();
  }

  it('refuses a wrong password in words, and lets the right one in', async () => {
    ui = await browser.open(server);
    await ui.page.getByLabel('Username').fill('admin');
    await ui.page.getByLabel('Password').fill('not the password');
    await ui.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await ui.page.getByRole('alert').textContent()).to.match(/password/i);
    await signInByPage(ui.page, admin());
    expect(await ui.page.getByRole('heading', { level: 1 }).textContent()).to.equal('Environments');
  });

  it('comes to the page that was asked for, and back to it when the session has ended meanwhile', async () => {
    ui = await browser.open(server, { path: '/activity?actor=user%3Aadmin' });
    await signInByPage(ui.page, admin());
    await ui.page.getByRole('heading', { name: 'Activity' }).waitFor();
    await endSession();
    await ui.page.getByText('Your session has ended').waitFor();
    const isToldOtherwise = new Promise((resolve) => ui.page.once('websocket', (live) => live.once('close', resolve)));
    await signInByPage(ui.page, admin());
    await ui.page.getByRole('heading', { name: 'Activity' }).waitFor();
    expect(new URL(ui.page.url()).search).to.equal('?actor=user%3Aadmin');
    // Who goes by themselves is not told that they were thrown out, although somebody was before; nor where all else knows of it first.
    await ui.page.route('**/api/v1/sessions/current', async (route) => {
      if (route.request().method() !== 'DELETE') return route.continue();
      const answer = await route.fetch();
      await isToldOtherwise;
      await ui.page.evaluate(() => fetch('/api/v1/sessions/current'));
      await route.fulfill({ response: answer });
    });
    await signOut();
    expect(await ui.page.getByText('Your session has ended').count()).to.equal(0);
  });

  it('signs out, and the page asked for again does not let anybody in', async () => {
    ui = await browser.open(server, { as: admin() });
    await signOut();
    await ui.page.reload();
    await ui.page.getByLabel('Username').waitFor();
  });

  it('shows who comes next nothing of what was asked for by who was here before', async () => {
    const olaf = { username: 'olaf', password: 'a lighthouse keeper 1907' };
    const elsewhere = await adminElsewhere(server);
    await elsewhere.post('/api/v1/users', { data: { ...olaf, role: 'operator' } });
    const { id } = (await (await elsewhere.post('/api/v1/environments', { data: { name: 'the secret yard', ...addressesHere(server) } })).json()) as { readonly id: string };
    await elsewhere.dispose();
    ui = await browser.open(server, { as: admin(), path: `/environments/${id}` });
    await ui.page.getByRole('heading', { name: 'the secret yard', level: 1 }).waitFor();
    await endSession();
    await ui.page.getByText('Your session has ended').waitFor();
    // Until the server has answered, nothing could be shown but what was kept.
    const held = Promise.withResolvers<undefined>();
    await ui.page.route(`**/api/v1/environments/${id}**`, async (route) => {
      await held.promise;
      await route.continue();
    });
    await signInByPage(ui.page, olaf);
    expect(await ui.page.getByText('the secret yard').count()).to.equal(0);
    held.resolve(undefined);
    await ui.page.getByText('There is no such environment').waitFor();
  });

  it('lets no script run that is not its own file, and loads nothing from elsewhere', async () => {
    const asked: string[] = [];
    ui = await browser.open(server, { path: 'about:blank' });
    ui.page.on('request', (request) => asked.push(new URL(request.url()).origin));
    const answer = await ui.page.goto('/');
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).to.match(/script-src 'self'(;|$)/);
    expect(policy).to.match(/default-src 'none'/);
    await signInByPage(ui.page, admin());
    expect(new Set(asked)).to.deep.equal(new Set([new URL(server.url).origin]));
  });
});
