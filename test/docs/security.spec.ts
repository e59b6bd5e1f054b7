/** docs/security.md names bounds where they are, and specs that exist. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

const page = new URL('../../docs/security.md', import.meta.url);

describe('docs/security.md', () => {
  it('names each bound by what it is called in the file that it links to', () => {
    const rows = boundRows();
    expect(rows.length).to.be.above(20);
    const wrong = rows.filter(([, place]) => {
      // The names stand before the link to the file that has them.
      const parts = [...place.matchAll(/(.*?)\]\(([^)]+)\)/g)].map(([, before = '', file = '']) => [namesIn(before), readFileSync(new URL(file, page), 'utf8')] as const);
      return parts.length === 0 || parts.some(([names, source]) => names.length === 0 || !names.every((name) => source.includes(name)));
    });
    expect(wrong).to.deep.equal([]);
  });
});

/** What is bounded, and where it is set. */
function boundRows(): readonly (readonly [bound: string, place: string])[] {
  const text = readFileSync(page, 'utf8');
  const section = text.slice(text.indexOf('### Bounds at the door'), text.indexOf('### Behind a reverse proxy'));
  return [...section.matchAll(/^\| (.+?) \| .+? \| (.+?) \| .+? \|$/gm)].flatMap(([, bound = '', place = '']) => (place.includes('](') ? [[bound, place] as const] : []));
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
