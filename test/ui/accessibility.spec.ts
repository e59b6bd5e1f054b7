/** Every screen, in both themes, held against WCAG 2.2 AA by axe-core; and none is wider than a small phone. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { requireRealParts } from '../support/real-parts.ts';
import { launchBrowser, signInByPage, type UiBrowser, type UiPage } from './support/browser.ts';
import { startHarbour, type Harbour } from './support/harbour.ts';
import { screens } from './support/screens.ts';

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a theme alone can break; all else was looked at in the other. */
const COLOURS = ['color-contrast', 'link-in-text-block'];
const SMALL = { width: 360, height: 740 };

/** As much of a page's document as is looked at here. */
interface PageDocument {
  readonly documentElement: { readonly dataset: Readonly<Record<string, string | undefined>> };
  getAnimations(): readonly { readonly playState: string; readonly effect: { getTiming(): { readonly iterations: number } } }[];
}

/** Whether the page is in a theme, and nothing is on its way there; runs in the page. */
function isDrawnIn(colorScheme: string): boolean {
  const { document } = globalThis as unknown as { readonly document: PageDocument };
  const isMoving = document.getAnimations().some(({ playState, effect }) => playState === 'running' && Number.isFinite(effect.getTiming().iterations));
  return document.documentElement.dataset['mantineColorScheme'] === colorScheme && !isMoving;
}

/** Goes to an address as the page's own links do, without loading the page anew; runs in the page. */
function go(address: string): void {
  const { history } = globalThis as unknown as { readonly history: { pushState(state: object, unused: string, address: string): void } };
  history.pushState({}, '', address);
}

/** Whether one need not scroll to the side; runs in the page. */
function isNoWiderThan(pixels: number): boolean {
  const { document } = globalThis as unknown as { readonly document: { readonly documentElement: { readonly scrollWidth: number } } };
  return document.documentElement.scrollWidth <= pixels;
}

describe('the screens of the web UI', function () {
  this.timeout(120_000);
  let harbour: Harbour;
  let browser: UiBrowser;
  let ui: UiPage;

  before(async function () {
    requireRealParts(this, 'chromium');
    [harbour, browser] = await Promise.all([startHarbour(this), launchBrowser()]);
    ui = await browser.open(harbour.site.server);
  });
  after(async () => {
    await browser.close();
    await harbour.stop();
  });

  /** What the page is shown in. */
  let shown: 'light' | 'dark' = 'light';

  /** What axe finds, in both themes: all of it in the one that is shown, and in the other, which stays, what a theme can break. */
  async function violations(page: Page): Promise<readonly string[]> {
    const found: string[] = [];
    if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(axe);
    for (const rules of [RULES, COLOURS]) {
      if (rules === COLOURS) shown = shown === 'light' ? 'dark' : 'light';
      await page.emulateMedia({ colorScheme: shown });
      await page.waitForFunction(isDrawnIn, shown);
      const { violations: broken } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify({ runOnly: rules, resultTypes: ['violations'] })})`);
      for (const { id, help, nodes } of broken) for (const { html, failureSummary } of nodes.slice(0, 3)) found.push(`${shown}: ${id}: ${help}: ${html.slice(0, 200)} ${failureSummary ?? ''}`);
    }
    return found;
  }

  it('sign-in', async () => {
    await ui.page.getByLabel('Username').waitFor();
    expect(await violations(ui.page)).to.deep.equal([]);
    await signInByPage(ui.page, harbour.admin);
  });

  it('by keyboard alone, from signing in to a running shell', async () => {
    const { page, context, faults } = await browser.open(harbour.site.server);
    const { keyboard } = page;
    const focused = (): Promise<string> => page.evaluate<string>('((one) => `${one.getAttribute("role") ?? one.tagName.toLowerCase()} ${one.getAttribute("aria-label") ?? one.textContent ?? ""}`)(document.activeElement)');
    /** Goes on by Tab, and no further than a page has stops. */
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let stops = 0; stops < 80; stops += 1) {
        if (wanted.test(await focused())) return;
        await keyboard.press('Tab');
      }
      expect.fail(`Tab never comes to ${String(wanted)}; it ends at ${await focused()}`);
    };
    await page.getByLabel('Username').waitFor();
    await keyboard.type(harbour.admin.username);
    await keyboard.press('Tab');
    await keyboard.type(harbour.admin.password);
    await keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await keyboard.press('Control+k');
    await page.getByPlaceholder(/^Go to/).waitFor();
    await keyboard.type('talker');
    await page.getByRole('dialog').getByText('talker').first().waitFor();
    await keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Inspect', selected: true }).waitFor();
    await tabTo(/^tab Inspect/);
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowLeft');
    const lines = page.locator('.xterm-rows');
    await lines.getByText(/[#$]\s*$/).first().waitFor();
    await tabTo(/^textarea Terminal input/);
    await keyboard.type('echo reached-$((40 + 2))\n');
    await lines.getByText('reached-42').waitFor();
    // And out again.
    await keyboard.press('Control+Shift+E');
    expect(await focused()).not.to.match(/^textarea/);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const { name, path, settle } of screens) {
    it(name, async () => {
      await ui.page.setViewportSize({ width: 1280, height: 800 });
      await ui.page.evaluate(go, path(harbour));
      await settle(ui.page, harbour);
      expect(await violations(ui.page), 'violations').to.deep.equal([]);
      await ui.page.setViewportSize(SMALL);
      // Parts of a page know of its width a moment later.
      await ui.page.waitForFunction(isNoWiderThan, SMALL.width);
      expect(ui.faults, 'faults').to.deep.equal([]);
    });
  }
});
