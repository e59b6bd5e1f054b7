/**
 * Makes a checkout ready to run: packages as locked, the generated protocol code, and the web UI. Plain JavaScript without dependencies,
 * because it runs before there are any, on any Node from 20 on. Does nothing where nothing changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const at = (/** @type {string[]} */ ...parts) => path.join(root, ...parts);
const generatedStamp = at('node_modules', '.cache', 'homeport', 'generated');
const ui = at('web-gateway', 'ui');
/** Beside what was built, so that it goes with it, and never speaks for another checkout's. */
const uiStamp = path.join(ui, 'dist', '.inputs');

/** The environment for child processes: the pinned Node and the installed tools come first on the PATH. */
export function toolEnvironment() {
  return { ...process.env, PATH: `${at('node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}` };
}

/**
 * Installs packages and generates code where that is needed. All it prints goes to stderr.
 * Throws an Error whose message says what to do.
 */
export function prepare() {
  if (!isInstalled()) install();
  const inputs = generationInputs();
  if (!existsSync(at('proto', 'generated')) || read(generatedStamp) !== inputs) generate(inputs);
  const uiSources = uiInputs();
  if (read(uiStamp) !== uiSources) buildUi(uiSources);
}

/** Builds the web UI, needed or not: the types of the REST interface from its routes, then the pages. */
export function buildUi(inputs = uiInputs()) {
  const description = at('node_modules', '.cache', 'homeport', 'openapi.json');
  const types = path.join(ui, 'src', 'api', 'generated');
  mkdirSync(types, { recursive: true });
  run('node', ['scripts/describe-interface.ts', description], 'Describing the REST interface failed; the lines above say why.');
  run('openapi-typescript', [description, '--output', path.join(types, 'openapi.d.ts')], 'Generating the types of the REST interface failed; the lines above say why.');
  run('vite', ['build', ui, '--logLevel', 'warn'], 'Building the web UI failed; the lines above say why.');
  writeFileSync(uiStamp, inputs);
}

/** Generates the protocol code, needed or not. */
export function generate(inputs = generationInputs()) {
  run('buf', ['generate'], 'Generating the protocol code failed; the lines above say why.');
  mkdirSync(path.dirname(generatedStamp), { recursive: true });
  writeFileSync(generatedStamp, inputs);
}

function install() {
  // npm ci starts from nothing; where there is an installation already, bring it up to date without touching the rest.
  const isFirst = !existsSync(at('node_modules', '.package-lock.json'));
  process.stderr.write(isFirst ? 'Installing packages; this is done once.\n' : 'Packages have changed; installing them.\n');
  const [command, first] = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
  const args = [...first, ...(isFirst ? ['ci'] : ['install', '--no-save']), '--loglevel=error', '--no-progress', '--no-audit', '--no-fund'];
  run(command, args, 'Installing packages failed; the lines above say why. With a network connection, try again.');
  if (!isInstalled()) {
    throw new Error('Packages were installed, but the pinned Node was not: allow install scripts (npm config set ignore-scripts false) and try again.');
  }
}

/** Whether what is installed is what package-lock.json names, and the pinned Node is there. */
function isInstalled() {
  const installedText = read(at('node_modules', '.package-lock.json'));
  if (installedText === undefined || !existsSync(at('node_modules', 'node', 'bin', 'node'))) return false;
  const installed = JSON.parse(installedText).packages;
  const locked = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(([place, entry]) => {
    if (place === '') return true;
    const found = installed[place];
    // Optional packages for other platforms are rightly absent.
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

/** A digest of everything the generated code depends on. */
function generationInputs() {
  const protos = filesIn('proto', (name) => name.endsWith('.proto'));
  return digestOf(['buf.gen.yaml', 'buf.yaml', 'node_modules/ts-proto/package.json', ...protos]);
}

/** A digest of everything the web UI is made from; the interface that it calls is in it. */
function uiInputs() {
  const pages = filesIn('web-gateway/ui', (name) => /\.(ts|tsx|css|html|svg|json)$/.test(name) && !/^(dist|src\/api\/generated)\//.test(name));
  return digestOf(['package-lock.json', ...pages, ...importedBy('scripts/describe-interface.ts')]);
}

/** A script and all of ours that it runs: what it imports, and what that imports. Types run nothing. */
export function importedBy(/** @type {string} */ script) {
  const found = new Set([script]);
  // What is added meanwhile is looked at as well.
  for (const file of found) {
    for (const [, name = ''] of readFileSync(at(file), 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^'";]* from )?'(\.\.?\/[^']+)'/gm)) found.add(path.posix.join(path.posix.dirname(file), name));
  }
  return [...found].sort();
}

/** Paths from the top, sorted. */
function filesIn(/** @type {string} */ folder, /** @type {(name: string) => boolean} */ isWanted) {
  const names = readdirSync(at(folder), { recursive: true }).map((name) => String(name).replaceAll(path.sep, '/'));
  return names.filter(isWanted).sort().map((name) => `${folder}/${name}`);
}

function digestOf(/** @type {string[]} */ files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(at(file))).update('\0');
  return hash.digest('hex');
}

function run(/** @type {string} */ command, /** @type {string[]} */ args, /** @type {string} */ failure) {
  // stdout belongs to whoever starts us (the ready line of serve), so what the tools print goes to stderr.
  const { status, error } = spawnSync(command, args, { cwd: root, env: toolEnvironment(), stdio: ['ignore', process.stderr, process.stderr] });
  if (error !== undefined) throw new Error(`${failure} (${error.message})`);
  if (status !== 0) throw new Error(failure);
}

function read(/** @type {string} */ file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
