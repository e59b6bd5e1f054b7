/** docs/errors.md and the code say the same of every error. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { problemTable } from '../../../web-gateway/problems/problem-table.ts';

describe('docs/errors.md', () => {
  const rows = [...readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)];

  it('lists every code once, with its status, and no other', () => {
    const documented = rows.map(([, code, status]) => [code, Number(status)]);
    const answered = Object.entries(problemTable).map(([code, { status }]) => [code, status]);
    expect(documented).to.have.length(new Set(documented.map(([code]) => code)).size);
    expect(Object.fromEntries(documented)).to.deep.equal(Object.fromEntries(answered));
  });

  it('has a code only in kebab-case, and a time to try again with every 429, 503 and 504', () => {
    for (const [code, { status, retryAfterSeconds }] of Object.entries(problemTable)) {
      expect(code).to.match(/^[a-z]+(-[a-z]+)*$/);
      if ([429, 503, 504].includes(status)) expect(retryAfterSeconds, code).to.be.greaterThan(0);
    }
  });
});
