/** Links between the documents lead somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('links in the documents', () => {
  for (const file of globSync(['*.md', 'docs/**/*.md'], { cwd: root })) {
    it(`${file}: each leads to a file that is there`, () => {
      const targets = [...readFileSync(path.join(root, file), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target = '']) => target);
      expect(targets.filter((target) => !existsSync(path.join(root, path.dirname(file), target)))).to.deep.equal([]);
    });
  }
});
