/** `npm run build`: emits the JavaScript of the published package to dist/, and proves that plain Node runs it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { prepare, root, toolEnvironment } from './prepare.js';

prepare();
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const options = { cwd: root, env: toolEnvironment(), encoding: /** @type {const} */ ('utf8') };
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { ...options, stdio: 'inherit' });

const entry = path.join('dist', 'services', 'cli', 'main.js');
if (!existsSync(path.join(root, entry))) throw new Error(`The build left no ${entry}.`);
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const printed = execFileSync('node', ['--no-strip-types', entry, '--version'], options).trim();
if (printed !== version) throw new Error(`The built command says version ${printed} instead of ${version}.`);
process.stdout.write(`Built dist/ (${printed}).\n`);
