/** docs/configuration.md names every setting with its default and bounds, and no other. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { defaultSettings, settingBounds } from '../../services/application/setting-rules.ts';

describe('docs/configuration.md', () => {
  it('names each setting with its default and its bounds', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('\n## Settings\n'), page.indexOf('\n## Variables without a flag\n'));
    const documented = [...section.matchAll(/^\| `(\w+)` \| (\w*) ?\| (\d*) ?\| (\d*) ?\|/gm)].map(([, name, ...values]) => [name, ...values]);
    const declared = Object.entries(defaultSettings).map(([name, value]) => {
      const [min, max] = Object.hasOwn(settingBounds, name) ? settingBounds[name as keyof typeof settingBounds] : ['', ''];
      return [name, value, min, max].map(String);
    });
    expect(documented).to.deep.equal(declared);
  });
});
