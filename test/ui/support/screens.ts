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

const heading = (name: string | RegExp) => (page: Page) => page.getByRole('heading', { name, level: 1 }).waitFor();
const of = ({ environment }: Harbour, query = ''): string => `/environments/${environment.id}${query}`;

async function openPalette(page: Page): Promise<void> {
  await heading(/^Settings/)(page);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder(/^Go to/).fill('plant');
  await page.getByText('plant-kiruna').first().waitFor();
}

/** For who is signed in as the admin. */
export const screens: readonly Screen[] = [
  { name: 'environments', path: () => '/', settle: (page) => page.getByText('turbine-07').first().waitFor() },
  { name: 'containers', path: () => '/containers', settle: (page) => page.getByText('talker').first().waitFor() },
  { name: 'new-environment', path: () => '/environments/new', settle: (page) => page.getByLabel('Name').waitFor() },
  { name: 'environment', path: (harbour) => of(harbour), settle: (page) => page.getByRole('button', { name: 'Disconnect' }).waitFor() },
  { name: 'environment-containers', path: (harbour) => of(harbour, '?tab=containers'), settle: (page) => page.getByText('talker').first().waitFor() },
  { name: 'environment-logs', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=logs'), settle: (page) => page.getByText(/line \d+ of the talker/).first().waitFor() },
  { name: 'environment-terminal', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=terminal'), settle: (page) => page.locator('.xterm-rows').getByText(/[#$]\s*$/).first().waitFor() },
  { name: 'environment-stats', path: (harbour) => of(harbour, '?tab=containers&container=talker&view=stats'), settle: (page) => page.getByText('Memory').first().waitFor() },
  { name: 'environment-images', path: (harbour) => of(harbour, '?tab=images'), settle: (page) => page.getByText('busybox').first().waitFor() },
  { name: 'environment-volumes', path: (harbour) => of(harbour, '?tab=volumes'), settle: (page) => page.getByText('shop_data').first().waitFor() },
  { name: 'environment-networks', path: (harbour) => of(harbour, '?tab=networks'), settle: (page) => page.getByText('host').first().waitFor() },
  { name: 'environment-snapshots', path: (harbour) => of(harbour, '?tab=snapshots'), settle: (page) => page.getByRole('tab', { name: 'Snapshots', selected: true }).waitFor() },
  { name: 'command-palette', path: () => '/settings/about', settle: openPalette },
  { name: 'timeline', path: () => '/timeline', settle: heading('Timeline') },
  { name: 'time-machine', path: () => `/?at=${new Date(Date.now() - 2000).toISOString()}`, settle: (page) => page.getByText(/^The past/).waitFor() },
  { name: 'activity', path: () => '/activity', settle: heading('Activity') },
  { name: 'proof', path: () => '/proof', settle: heading('Proof') },
  { name: 'settings', path: () => '/settings', settle: heading('Settings') },
  { name: 'settings-users', path: () => '/settings/users', settle: (page) => page.getByText('olaf').waitFor() },
  { name: 'settings-keys', path: () => '/settings/keys', settle: heading('Settings') },
  { name: 'settings-account', path: () => '/settings/account', settle: heading('Settings') },
  { name: 'settings-certificate', path: () => '/settings/certificate', settle: heading('Settings') },
];
