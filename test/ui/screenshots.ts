/** `npm run screenshots [-- NAME…]`: pictures of every screen, or of those that are named, light and dark, into docs/ui, from a real installation. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import { launchBrowser, signInByPage } from './support/browser.ts';
import { startHarbour } from './support/harbour.ts';
import { screens } from './support/screens.ts';

const folder = fileURLToPath(new URL('../../docs/ui/', import.meta.url));
/** Outside of a spec nothing is skipped. */
const hook = {
  skip() {
    throw new Error('a real part is missing: the line above says how to install it');
  },
} as unknown as Context;

mkdirSync(folder, { recursive: true });
const only = process.argv.slice(2);
const harbour = await startHarbour(hook);
const browser = await launchBrowser();
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await browser.open(harbour.site.server, { colorScheme });
    const take = async (name: string): Promise<void> => {
      // Plots and pictures come after what the screen waits for; what is followed is never at rest.
      await page.waitForLoadState('networkidle', { timeout: 4000 }).catch(() => undefined);
      await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' });
    };
    await page.getByLabel('Username').waitFor();
    await take('sign-in');
    await signInByPage(page, harbour.admin);
    for (const screen of screens.filter(({ name }) => only.length === 0 || only.includes(name))) {
      await page.goto(screen.path(harbour));
      await screen.settle(page, harbour);
      await take(screen.name);
      process.stdout.write(`${screen.name} (${colorScheme})\n`);
    }
  }
} finally {
  await browser.close();
  await harbour.stop();
}
