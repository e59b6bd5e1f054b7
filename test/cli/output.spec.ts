/** What lists look like, whatever stands in them. */
import { expect } from 'chai';
import { renderList, renderOne } from '../../services/cli/output.ts';
import type { Layout } from '../../services/cli/output.ts';

interface Node {
  readonly name: string;
  readonly version: string | null;
}

const LAYOUT: Layout<Node> = {
  columns: [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'VERSION', of: ({ version }) => version },
    { title: 'BOTH', of: ({ name, version }) => `${name}@${version ?? ''}`, isWide: true },
  ],
  name: ({ name }) => name,
  id: ({ name }) => name,
};

describe('output', () => {
  it('aligns columns, marks what is missing, and ends no line with blanks', () => {
    const rows = [{ name: 'a', version: '1' }, { name: 'longer', version: null }];
    expect(renderList(rows, LAYOUT, { output: 'table' })).to.equal('NAME    VERSION\na       1\nlonger  -\n');
    expect(renderList(rows.slice(1), LAYOUT, { output: 'wide' })).to.equal('NAME    VERSION  BOTH\nlonger  -        longer@\n');
  });

  it('an agent that calls itself by escape sequences does not steer the terminal', () => {
    const row = { name: '\u001b[2J\u009b31mroot\u202e\nNAME', version: '\r1' };
    for (const flags of [{ output: 'table' }, { output: 'name' }, { output: 'table', quiet: true }] as const) {
      const printed = renderList([row], LAYOUT, flags);
      expect(printed.replaceAll('\n', '')).to.not.match(/[\p{Cc}\p{Cf}]/u);
      expect(printed.split('\n').length).to.be.at.most(3);
    }
    expect(renderOne(row, LAYOUT, { output: 'table' })).to.not.contain('\u001b');
  });
});
