/** `npm run build`: emits the JavaScript of the published package to dist/, and proves that plain Node runs it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { prepare, root, toolEnvironment } from './prepare.js';

const options = { cwd: root, env: toolEnvironment(), encoding: /** @type {const} */ ('utf8') };
const entry = path.join('dist', 'services', 'cli', 'main.js');

prepare();
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json'], { ...options, stdio: 'inherit' });
if (status === 0) proveThatItRuns();
else process.exitCode = 1;

function proveThatItRuns() {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { stdout, stderr } = spawnSync('node', ['--no-strip-types', entry, '--version'], options);
  if (stdout.trim() !== version) throw new Error(`The built command does not say version ${version}: ${stdout}${stderr}`);
  process.stdout.write(`Built dist/ (${version}).\n`);
}
