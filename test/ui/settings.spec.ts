/** Settings, users and keys in a real browser. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { copiedText, launchBrowser, type UiBrowser, type UiPage } from './support/browser.ts';
import { adminOf } from './support/people.ts';

const PASSWORD = 'correct horse battery staple';

describe('settings in the web UI', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let browser: UiBrowser;
  let ui: UiPage;

  before(async function () {
    requireRealParts(this, 'chromium');
    [server, browser] = await Promise.all([startHomeport(), launchBrowser()]);
    ui = await browser.open(server, { as: adminOf(server) });
  });
  after(async () => {
    await browser.close();
    await server.remove();
    expect(ui.faults).to.deep.equal([]);
  });

  const status = (page: Page, path: string, key: string): Promise<number> => page.evaluate(async ([to, bearer]) => (await fetch(to, { headers: { authorization: `Bearer ${bearer}` }, credentials: 'omit' })).status, [path, key] as const);
  /** Beside the page's own code, as another client does it. */
  const onServer = async (name: string): Promise<unknown> => (await ui.page.evaluate(async () => (await fetch('/api/v1/settings')).json() as Promise<Record<string, unknown>>))[name];
  const setElsewhere = (changes: object): Promise<number> =>
    ui.page.evaluate(async (body) => (await fetch('/api/v1/settings', { method: 'PATCH', headers: { 'content-type': 'application/json', 'x-homeport-csrf': '1' }, body })).status, JSON.stringify(changes));

  it('hints at the first password, until it is waved away', async () => {
    const hint = ui.page.getByText('Choose a password of your own');
    await hint.waitFor();
    await ui.page.getByRole('button', { name: 'Don’t show this again' }).click();
    await ui.page.reload();
    await ui.page.getByRole('heading', { level: 1, name: 'Environments' }).waitFor();
    expect(await hint.count()).to.equal(0);
  });

  it('takes a poll interval of one’s own, and puts what the server refuses at its field', async () => {
    await ui.page.getByRole('link', { name: 'Settings' }).click();
    await ui.page.getByLabel('Poll interval', { exact: true }).selectOption('Another…');
    const own = ui.page.getByRole('group', { name: 'Poll interval of your own' });
    await own.getByLabel('Poll interval of your own', { exact: true }).fill('2');
    await own.getByLabel('Poll interval of your own: unit').selectOption('days');
    await ui.page.getByRole('button', { name: 'Save' }).click();
    await own.getByText('a whole number from 1 to 86400').waitFor();
    expect(await own.getByLabel('Poll interval of your own', { exact: true }).getAttribute('aria-invalid')).to.equal('true');
    await own.getByLabel('Poll interval of your own: unit').selectOption('min');
    await ui.page.getByRole('button', { name: 'Save' }).click();
    await ui.page.getByText('The settings are saved.').waitFor();
    expect(await onServer('pollIntervalSeconds')).to.equal(120);
  });

  it('loses no change by mistake, and does not write over what somebody else has changed meanwhile', async () => {
    const inactivity = ui.page.getByRole('group', { name: 'Inactivity' }).getByLabel('Inactivity', { exact: true });
    await inactivity.fill('7');
    await ui.page.getByRole('link', { name: 'About' }).click();
    await ui.page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
    expect(await setElsewhere({ keepAliveIntervalSeconds: 90 })).to.equal(200);
    const bar = ui.page.getByRole('region', { name: 'Unsaved changes' });
    await bar.getByText('Keep-alive is now 90 s').waitFor();
    await bar.getByRole('button', { name: 'Save' }).click();
    await bar.getByText('somebody changed the settings meanwhile').waitFor();
    expect(await onServer('inactivityTimeoutSeconds')).to.equal(300);
    await bar.getByRole('button', { name: 'Keep my changes on top of theirs' }).click();
    await bar.getByRole('button', { name: 'Save' }).click();
    await bar.waitFor({ state: 'detached' });
    expect([await onServer('inactivityTimeoutSeconds'), await onServer('keepAliveIntervalSeconds')]).to.deep.equal([420, 90]);
    expect(await ui.page.getByRole('group', { name: 'Keep-alive' }).getByLabel('Keep-alive', { exact: true }).inputValue()).to.equal('90');
  });

  it('adds users with their grants, and removes nobody by mistake', async () => {
    await ui.page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Users' }).click();
    for (const [username, role] of [['kim', 'Operator'], ['eve', 'Auditor']] as const) {
      await ui.page.getByRole('button', { name: 'Add a user' }).click();
      const dialog = ui.page.getByRole('dialog', { name: 'Add a user' });
      await dialog.getByLabel('Username').fill(username);
      await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await dialog.getByLabel('Role').selectOption(role);
      if (role === 'Operator') {
        await dialog.getByRole('button', { name: 'Add a grant' }).click();
        await dialog.getByLabel('Tag 1', { exact: true }).fill('eu,us');
        await dialog.getByRole('button', { name: 'Add the user' }).click();
        await dialog.getByText('names a tag as environments have them').waitFor();
        await dialog.getByLabel('Tag 1', { exact: true }).fill('eu');
        await dialog.getByLabel('Access to eu').selectOption('read');
      }
      await dialog.getByRole('button', { name: 'Add the user' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
    const users = ui.page.getByRole('region', { name: 'Users' });
    await users.getByRole('row', { name: /^kim Operator eu \(read\)/ }).waitFor();
    // Where one thing moves out while another moves in, the focus must not get lost.
    await ui.page.emulateMedia({ reducedMotion: 'no-preference' });
    await users.getByRole('button', { name: 'Actions for admin' }).click();
    expect(await ui.page.getByRole('menuitem').allTextContents()).to.deep.equal(['Change role and grants']);
    await ui.page.getByRole('menuitem', { name: 'Change role and grants' }).click();
    const own = ui.page.getByRole('dialog', { name: 'Change admin' });
    await own.getByLabel('Role').selectOption('Auditor');
    await own.getByRole('button', { name: 'Save' }).click();
    await own.getByText('this is the last admin with a password').waitFor();
    await own.getByRole('button', { name: 'Cancel' }).click();
    // The menu that led there is gone; the focus is where it was opened.
    await users.getByRole('button', { name: 'Actions for admin' }).and(ui.page.locator(':focus')).waitFor();
    await ui.page.emulateMedia({ reducedMotion: 'reduce' });
  });

  it('shows a key’s secret once, to copy, and a key that is revoked opens nothing', async () => {
    await ui.page.getByRole('link', { name: 'API keys' }).click();
    await ui.page.getByRole('button', { name: 'Create a key' }).click();
    const dialog = ui.page.getByRole('dialog', { name: 'Create an API key' });
    await dialog.getByLabel('Name').fill('monitoring');
    await dialog.getByLabel('Role').selectOption('Auditor');
    await dialog.getByRole('button', { name: 'Create the key' }).click();
    await dialog.getByRole('button', { name: 'Copy the key' }).click();
    const key = await copiedText(ui.page);
    expect(key).to.match(/^hp_/);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(await status(ui.page, '/api/v1/settings', key)).to.equal(200);
    await ui.page.getByRole('button', { name: 'Revoke monitoring' }).click();
    await ui.page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await ui.page.getByRole('button', { name: 'Revoke monitoring' }).waitFor({ state: 'detached' });
    expect(await status(ui.page, '/api/v1/settings', key)).to.equal(401);
  });

  it('changes one’s own password without signing oneself out', async () => {
    await ui.page.getByRole('link', { name: 'Your account' }).click();
    await ui.page.getByLabel('Current password').fill('not the password');
    await ui.page.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await ui.page.getByLabel('New password again').fill(PASSWORD);
    await ui.page.getByRole('button', { name: 'Change the password' }).click();
    await ui.page.getByText('the current password is not right').waitFor();
    await ui.page.getByLabel('Current password').fill(server.admin?.password ?? '');
    await ui.page.getByRole('button', { name: 'Change the password' }).click();
    await ui.page.getByText('Your password is changed').waitFor();
    await ui.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    expect(await ui.page.getByText('Your session has ended').count()).to.equal(0);
    await ui.page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'General' }).click();
    await ui.page.getByLabel('Poll interval', { exact: true }).waitFor();
  });

  it('offers an auditor nothing that would be refused', async () => {
    const theirs = await browser.open(server, { as: { username: 'eve', password: PASSWORD }, path: 'about:blank' });
    const { page } = theirs;
    const answers: number[] = [];
    page.on('response', (response) => answers.push(response.status()));
    await page.goto('/settings');
    await page.getByText('Admins change these.').waitFor();
    expect(await page.locator('#content form').locator('input:enabled:not([readonly]), select:enabled, button:enabled').count()).to.equal(0);
    for (const [part, heading] of [['Users', 'Sessions'], ['API keys', 'API keys'], ['Tunnel certificate', 'Tunnel certificate'], ['About', 'Readiness'], ['Your account', 'Your password']] as const) {
      await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: part }).click();
      await page.getByRole('heading', { level: 2, name: heading, exact: true }).waitFor();
      expect(await page.getByRole('button', { name: /^(Add a user|Actions for|Revoke|Rotate|End )/ }).count(), part).to.equal(0);
    }
    await page.goto('/environments/new');
    await page.getByText('Admins add environments').waitFor();
    expect(answers.filter((code) => code === 403)).to.deep.equal([]);
    expect(theirs.faults).to.deep.equal([]);
    await theirs.context.close();
  });
});
