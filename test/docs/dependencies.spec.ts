/** docs/dependencies.md says why each dependency is there, and package.json has no other. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = new URL('../../', import.meta.url);
const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
const [, shipped = '', developed = ''] = readFileSync(new URL('docs/dependencies.md', root), 'utf8').split(/^## /m);

/** The name in the first cell of each row. */
const names = (section: string): readonly string[] => [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).toSorted();

describe('docs/dependencies.md', () => {
  it('says why each package ships, and no other', () => {
    expect(names(shipped)).to.deep.equal(Object.keys(dependencies).toSorted());
  });

  it('says why each package is developed with, and no other', () => {
    expect(names(developed)).to.deep.equal(Object.keys(devDependencies).toSorted());
  });

  it('no package ships that nothing imports', () => {
    const files = globSync('{agent,projections,proto,services,web-gateway}/**/*.ts', { cwd: fileURLToPath(root) });
    const sources = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
    expect(Object.keys(dependencies).filter((name) => !new RegExp(`(from|import) ['"]${name}(/[^'"]*)?['"]`).test(sources))).to.deep.equal([]);
  });

  it('package-lock.json names no registry', () => {
    expect(readFileSync(new URL('package-lock.json', root), 'utf8')).to.not.match(/"resolved"|https?:\/\/registry/);
  });
});
