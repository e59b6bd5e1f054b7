/** Every screen, how one gets there, and when all of it is there: for the accessibility spec and for the pictures in docs/ui. */
import type { Page } from 'playwright-core';
import type { Harbour } from './harbour.ts';

export interface Screen {
  /** Also the name of its picture. */
  readonly name: string;
  readonly path: (harbour: Harbour) => string;
  /** Resolves when what makes the screen is shown. */
  readonly settle: (page: Page, harbour: Harbour) => Promise<unknown>;
}

const part = (name: string) => (page: Page) => page.getByRole('heading', { name, level: 2, exact: true }).waitFor();
/** In a tab of the environment's page, so that nothing of the tab before is taken for it. */
const tab = (name: string, text: string) => (page: Page) => page.getByRole('tabpanel', { name, exact: true }).getByText(text).first().waitFor();
const of = ({ environment }: Harbour, query = ''): string => `/environments/${environment.id}${query}`;

async function openPalette(page: Page): Promise<void> {
  await part('Readiness')(page);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder(/^Go to/).fill('plant');
  await page.getByText('plant-kiruna').first().waitFor();
}

/** For who is signed in as the admin. */
export const screens: readonly Screen[] = [
  { name: 'environments', path: () => '/', settle: (page) => page.getByText('turbine-07').first().waitFor() },
  { name: 'containers', path: () => '/containers', settle: (page) => page.getByRole('link', { name: 'talker', exact: true }).first().waitFor() },
  { name: 'new-environment', path: () => '/environments/new', settle: (page) => page.getByRole('button', { name: 'Create the environment' }).waitFor() },
  { name: 'environment', path: (harbour) => of(harbour), settle: (page) => page.getByRole('button', { name: 'Disconnect' }).waitFor() },
  { name: 'environment-containers', path: (harbour) => of(harbour, '?tab=containers'), settle: tab('Containers', 'talker') },
  { name: 'environment-logs', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=logs'), settle: (page) => page.getByText(/line \d+ of the talker/).first().waitFor() },
  { name: 'environment-terminal', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=terminal'), settle: (page) => page.locator('.xterm-rows').getByText(/[#$]\s*$/).first().waitFor() },
  { name: 'environment-stats', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=stats'), settle: (page) => page.getByText(/of one processor/).waitFor() },
  { name: 'environment-images', path: (harbour) => of(harbour, '?tab=images'), settle: tab('Images', 'busybox') },
  { name: 'environment-volumes', path: (harbour) => of(harbour, '?tab=volumes'), settle: tab('Volumes', 'shop_data') },
  { name: 'environment-networks', path: (harbour) => of(harbour, '?tab=networks'), settle: tab('Networks', 'host') },
  { name: 'environment-snapshots', path: (harbour) => of(harbour, '?tab=snapshots'), settle: (page) => page.getByRole('radio', { name: /^After/ }).first().waitFor() },
  { name: 'timeline', path: () => '/timeline', settle: (page) => page.getByRole('button', { name: /signed in/ }).first().waitFor() },
  { name: 'time-machine', path: () => `/?at=${new Date(Date.now() - 2000).toISOString()}`, settle: (page) => page.getByText(/^The past/).waitFor() },
  { name: 'activity', path: () => '/activity', settle: (page) => page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor() },
  { name: 'proof', path: () => '/proof', settle: (page) => page.getByText('Signature checked: good').waitFor() },
  { name: 'settings', path: () => '/settings', settle: (page) => page.getByLabel('Poll interval', { exact: true }).waitFor() },
  { name: 'settings-users', path: () => '/settings/users', settle: (page) => page.getByText('olaf').waitFor() },
  { name: 'settings-keys', path: () => '/settings/keys', settle: part('API keys') },
  { name: 'settings-account', path: () => '/settings/account', settle: part('Your password') },
  { name: 'settings-certificate', path: () => '/settings/certificate', settle: part('Tunnel certificate') },
  // Over another screen: the last, for it stays open.
  { name: 'command-palette', path: () => '/settings/about', settle: openPalette },
];
