/**
 * `npm run build`: checks the types, emits the JavaScript of the published package to dist/, and proves that plain Node runs it. Where the same
 * run checks the types anyway, as `npm test` does, `--types-are-checked` leaves that out.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepare, root, toolEnvironment } from './prepare.js';

const options = { cwd: root, env: toolEnvironment(), encoding: /** @type {const} */ ('utf8') };
const entry = path.join('dist', 'services', 'cli', 'main.js');
const agent = path.join('dist', 'agent.mjs');
const pages = path.join('web-gateway', 'ui', 'dist');
const installer = path.join('services', 'agent-delivery', 'install.sh');

prepare();
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json', ...(process.argv.includes('--types-are-checked') ? ['--noCheck'] : [])], { ...options, stdio: 'inherit' });
if (status === 0) {
  // Only now: before prepare() there may be no bundler.
  const { bundleAgent } = await import('./bundle-agent.js');
  writeFileSync(path.join(root, agent), await bundleAgent());
  copyFileSync(path.join(root, installer), path.join(root, 'dist', installer));
  cpSync(path.join(root, pages), path.join(root, 'dist', pages), { recursive: true, filter: (file) => path.basename(file) !== '.inputs' });
  proveThatItRuns(entry);
  proveThatItRuns(agent);
} else process.exitCode = 1;

function proveThatItRuns(/** @type {string} */ program) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { stdout, stderr } = spawnSync('node', ['--no-strip-types', program, '--version'], options);
  if (stdout.trim() !== version) throw new Error(`${program} does not say version ${version}: ${stdout}${stderr}`);
  process.stdout.write(`Built ${program} (${version}).\n`);
}
