/** A real Chromium, and pages of it that fail a spec where their console says that something went wrong. */
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { realPart } from '../../support/real-parts.ts';
import type { HomeportServer } from '../../support/homeport.ts';
import type { Person } from './people.ts';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface UiPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What its scripts threw, and the errors on its console but of answers that say that something failed. */
  readonly faults: readonly string[];
}

/** For who wants less motion, unless asked for otherwise: what moves is waited for. */
export interface PageOptions extends Pick<BrowserContextOptions, 'colorScheme' | 'reducedMotion' | 'viewport'> {
  /** Where it begins; the list of environments by default, which is the sign-in page to nobody. */
  readonly path?: string;
  /** Who has signed in there already, for specs of something else. */
  readonly as?: Person;
}

export interface UiBrowser {
  readonly browser: Browser;
  /** A window of its own, with no cookies but of the session that was asked for. */
  open(server: Pick<HomeportServer, 'url'>, options?: PageOptions): Promise<UiPage>;
  close(): Promise<void>;
}

/** Call requireRealParts(this, 'chromium') first. */
export async function launchBrowser(): Promise<UiBrowser> {
  const browser = await chromium.launch({ executablePath: realPart('chromium'), args: FLAGS });

  return {
    browser,
    async open({ url }, { path = '/', as, ...options } = {}) {
      const context = await browser.newContext({ baseURL: url, ignoreHTTPSErrors: true, colorScheme: 'light', reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
      page.on('console', (message) => {
        // Chromium logs every answer of 400 and above by itself, and WebSockets that are refused or cut.
        if (message.type() === 'error' && !/^(Failed to load resource|WebSocket connection)/.test(message.text())) faults.push(message.text());
      });
      if (as !== undefined) await signInBeside(context, url, as);
      await page.goto(path);
      return { page, context, faults };
    },
    close: () => browser.close(),
  };
}

/** Gives all pages of a window a session, as its own sign-in page would. */
async function signInBeside(context: BrowserContext, origin: string, { username, password }: Person): Promise<void> {
  const answer = await context.request.post('/api/v1/sessions', { data: { username, password }, headers: { origin, 'x-homeport-csrf': '1' } });
  if (!answer.ok()) throw new Error(`${username} could not sign in: ${answer.status()} ${await answer.text()}`);
}

/** Signs in by the page's own form. */
export async function signInByPage(page: Page, { username, password }: Person): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

/** What a button of the page has copied. */
export function copiedText(page: Page): Promise<string> {
  return page.evaluate<string>('navigator.clipboard.readText()');
}
