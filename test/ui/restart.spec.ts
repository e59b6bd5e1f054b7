/** A server that goes away and comes back, as the web UI shows it. */
import path from 'node:path';
import { expect } from 'chai';
import { createRest, signInByRest } from '../e2e/docker/support/rest.ts';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { launchBrowser, type UiBrowser } from './support/browser.ts';
import { ask } from './support/harbour.ts';
import { adminOf } from './support/people.ts';

describe('the web UI while its server restarts', function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;
  let server: HomeportServer;
  let browser: UiBrowser;

  before(async function () {
    requireRealParts(this, 'chromium');
    folder = createTemporaryFolder();
    [server, browser] = await Promise.all([startHomeport({ dataDir: path.join(folder.path, 'data') }), launchBrowser()]);
  });
  after(async () => {
    await browser.close();
    await server.remove();
    folder.remove();
  });

  it('says that it is away, loses nothing that was shown or typed, and goes on by itself', async () => {
    const { page, faults } = await browser.open(server, { as: adminOf(server), path: '/environments/new' });
    const { apiKey } = await signInByRest(server);
    await page.getByLabel('Name', { exact: true }).fill('half-typed');
    const list = await page.context().newPage();
    await list.goto('/?sort=-createdAt');
    await list.getByRole('status').getByText('Live', { exact: true }).waitFor();

    const { dataDir, httpsPort, tunnelPort } = server;
    await server.kill();
    for (const one of [page, list]) await one.getByRole('status').getByText('Reconnecting').waitFor();
    server = await startHomeport({ dataDir, httpsPort, tunnelPort });
    for (const one of [page, list]) await one.getByRole('status').getByText('Live', { exact: true }).waitFor();

    // Who was signed in still is, and what happens from now on is shown.
    await ask(createRest(server, apiKey), 'POST', '/api/v1/environments', { name: 'made-afterwards', address: 'homeport.example:9443' });
    await list.getByText('made-afterwards').first().waitFor();
    expect(new URL(list.url()).search).to.equal('?sort=-createdAt');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).to.equal('half-typed');
    expect(faults).to.deep.equal([]);
  });
});
