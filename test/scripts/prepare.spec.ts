/** What decides whether something is made anew is what it is made from. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';

/** Plain JavaScript, and so without types here. */
const PREPARE = '../../scripts/prepare.js';

/** Names each file that Node loads, on stderr. */
const HOOKS = `
import { registerHooks } from 'node:module';
registerHooks({ load: (url, context, next) => { process.stderr.write(url + '\\n'); return next(url, context); } });
`;

describe('the inputs of the web UI', () => {
  it('are all files that the description of the interface is really made from, and no others of ours', async () => {
    const { importedBy, root } = (await import(PREPARE)) as { readonly importedBy: (script: string) => readonly string[]; readonly root: string };
    const script = 'scripts/describe-interface.ts';
    const { stderr, status } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(HOOKS)}`, script, '/dev/null'], { cwd: root, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    const ours = new URL(`file://${root}`).href;
    const loaded = stderr.split('\n').filter((url) => url.startsWith(ours) && !url.includes('/node_modules/')).map((url) => path.posix.relative(ours, url));
    expect(importedBy(script)).to.deep.equal([...new Set(loaded)].sort());
  });
});
