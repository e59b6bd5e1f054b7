/** A real Chromium, and pages of it that fail a spec where their console says that something went wrong. */
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { realPart } from '../../support/real-parts.ts';
import type { HomeportServer } from '../../support/homeport.ts';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface UiPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What its scripts threw, and the errors on its console but of answers that say that something failed. */
  readonly faults: readonly string[];
}

export interface UiBrowser {
  readonly browser: Browser;
  /** A window of its own, without cookies, at the sign-in page. */
  open(server: Pick<HomeportServer, 'url'>, options?: Pick<BrowserContextOptions, 'colorScheme' | 'reducedMotion' | 'viewport'>): Promise<UiPage>;
  close(): Promise<void>;
}

/** Call requireRealParts(this, 'chromium') first. */
export async function launchBrowser(): Promise<UiBrowser> {
  const browser = await chromium.launch({ executablePath: realPart('chromium'), args: FLAGS });

  return {
    browser,
    async open({ url }, options = {}) {
      const context = await browser.newContext({ baseURL: url, ignoreHTTPSErrors: true, colorScheme: 'light', viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
      page.on('console', (message) => {
        // Chromium logs every answer of 400 and above by itself, and WebSockets that are refused or cut.
        if (message.type() === 'error' && !/^(Failed to load resource|WebSocket connection)/.test(message.text())) faults.push(message.text());
      });
      await page.goto('/');
      return { page, context, faults };
    },
    close: () => browser.close(),
  };
}

/** Signs in by the page's own form. */
export async function signInByPage(page: Page, { username, password }: { readonly username: string; readonly password: string }): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

/** What a button of the page has copied. */
export function copiedText(page: Page): Promise<string> {
  return page.evaluate<string>('navigator.clipboard.readText()');
}
