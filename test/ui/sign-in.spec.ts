/** Signing in and out in a real browser. */
import { expect } from 'chai';
import { requireRealParts } from '../support/real-parts.ts';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { launchBrowser, signInByPage, type UiBrowser, type UiPage } from './support/browser.ts';

describe('signing in by the web UI', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser] = await Promise.all([startHomeport(), launchBrowser()]);
  });
  beforeEach(async () => {
    ui = await browser.open(server);
  });
  afterEach(async () => {
    await ui.context.close();
    expect(ui.faults).to.deep.equal([]);
  });
  after(async () => {
    await browser.close();
    await server.remove();
  });

  const admin = (): { readonly username: string; readonly password: string } => server.admin ?? { username: '', password: '' };

  it('refuses a wrong password in words, and lets the right one in', async () => {
    await ui.page.getByLabel('Username').fill('admin');
    await ui.page.getByLabel('Password').fill('not the password');
    await ui.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await ui.page.getByRole('alert').textContent()).to.match(/password/i);
    await signInByPage(ui.page, admin());
    expect(await ui.page.getByRole('heading', { level: 1 }).textContent()).to.equal('Environments');
  });

  it('comes to the page that was asked for, and back to it when the session has ended meanwhile', async () => {
    await ui.page.goto('/activity?actor=user%3Aadmin');
    await signInByPage(ui.page, admin());
    await ui.page.getByRole('heading', { name: 'Activity' }).waitFor();
    // Ended elsewhere, as by an admin.
    await ui.page.evaluate(() => fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-homeport-csrf': '1' } }));
    await ui.page.getByText('Your session has ended').waitFor();
    await signInByPage(ui.page, admin());
    await ui.page.getByRole('heading', { name: 'Activity' }).waitFor();
    expect(new URL(ui.page.url()).search).to.equal('?actor=user%3Aadmin');
  });

  it('signs out, and the page asked for again does not let anybody in', async () => {
    await signInByPage(ui.page, admin());
    await ui.page.getByRole('button', { name: /^Account/ }).click();
    await ui.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await ui.page.getByLabel('Username').waitFor();
    await ui.page.reload();
    await ui.page.getByLabel('Username').waitFor();
  });

  it('lets no script run that is not its own file, and loads nothing from elsewhere', async () => {
    const asked: string[] = [];
    ui.page.on('request', (request) => asked.push(new URL(request.url()).origin));
    const answer = await ui.page.goto('/');
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).to.match(/script-src 'self'(;|$)/);
    expect(policy).to.match(/default-src 'none'/);
    await signInByPage(ui.page, admin());
    expect(new Set(asked)).to.deep.equal(new Set([new URL(server.url).origin]));
  });
});
