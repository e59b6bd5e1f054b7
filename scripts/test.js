/**
 * `npm test`: makes the checkout and the machine ready, then lints, type-checks and runs every spec, and ends with a line
 * `N passed, N failed`. `--long` runs the long durations. With CI=true nothing may be skipped but what needs EVENTSTORE_URL.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { prepare, root, toolEnvironment } from './prepare.js';

const isLong = process.argv.includes('--long');
const isContinuousIntegration = process.env.CI === 'true';
/** What still runs then is stopped, and has failed. */
const deadlineMs = isLong ? 3 * 60 * 60_000 : 11.7 * 60_000;
/** What takes longest begins first, so that both lanes end together: groups of specs by folder, the others after them. */
const longestFirst = ['ui', 'web-gateway', 'cli', 'event-store', 'projections', 'audit', 'application', 'tunnels', 'agent', 'foreign-agent', 'taps'];
/** The same of the end-to-end specs, by file. A Swarm has ports that no other can have beside it: one mocha runs both. */
const longestEndToEnd = [
  ['printed-commands', 'docker-swarm'],
  ...['docker-commands', 'chaos', 'fuzzed-bytes', 'systemd', 'long-link', 'moved', 'another-store', 'server-killed', 'idle', 'bad-neighbour', 'bad-input'].map((name) => [name]),
];
/** Of the others one mocha runs so many. */
const endToEndAtOnce = 3;
/** As many as there are processors, but no more than two: specs wait for real time too. */
const specLanes = Math.min(2, availableParallelism());
/** End-to-end specs mostly wait for real processes: one more at a time. */
const endToEndLanes = specLanes + 1;
/** Runs its arguments, giving way to specs. On Linux a session may have a priority of its own (sched(7), autogroup). */
const givingWay = '{ echo 10 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 10 "$@"';
const sources = ['agent', 'bench', 'bin', 'projections', 'proto', 'scripts', 'services', 'test', 'web-gateway'];

const startedAtMs = Date.now();
const totals = { passed: 0, failed: 0, /** @type {string[]} */ skipped: [] };
const reports = mkdtempSync(path.join(tmpdir(), 'homeport-reports-'));
const deadline = AbortSignal.timeout(deadlineMs);

try {
  const installed = run(process.execPath, ['scripts/debian-packages.js'], {}, (chunk) => process.stdout.write(chunk));
  prepare();
  // Checks look at no clock: they have the processor while the machine's packages come, and whenever specs only wait.
  await Promise.all([inLanes(1, checks()), installed.then(runAllSpecs)]);
} catch (error) {
  totals.failed += 1;
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  rmSync(reports, { recursive: true, force: true });
}
report();

async function runAllSpecs() {
  const groups = groupSpecs();
  const endToEnd = groups.get('e2e') ?? [];
  groups.delete('e2e');
  const others = [...groups.keys()].filter((name) => !longestFirst.includes(name));
  await inLanes(specLanes, [...longestFirst, ...others].map((name) => () => runSpecs(name, groups.get(name) ?? [])));
  // They race real processes: no others beside them.
  await inLanes(endToEndLanes, [...endToEndGroups(endToEnd)].map(([name, specs]) => () => runSpecs(name, specs)));
}

/** Groups of end-to-end specs by name, in the order in which they begin. */
function endToEndGroups(/** @type {string[]} */ specs) {
  const nameOf = (/** @type {string} */ spec) => path.basename(spec, '.spec.ts');
  const groups = new Map(longestEndToEnd.map((names) => [`e2e-${names.join('-')}`, specs.filter((spec) => names.includes(nameOf(spec)))]));
  const others = specs.filter((spec) => !longestEndToEnd.flat().includes(nameOf(spec)));
  for (let at = 0; at < others.length; at += endToEndAtOnce) groups.set(`e2e-${at / endToEndAtOnce + 1}`, others.slice(at, at + endToEndAtOnce));
  return groups;
}

/** Runs the jobs in order, so many at a time. */
async function inLanes(/** @type {number} */ count, /** @type {(() => Promise<void>)[]} */ jobs) {
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: count }, lane));
}

function checks() {
  const present = sources.filter((folder) => existsSync(path.join(root, folder)));
  return [
    () => runCheck('lint', 'eslint', ['.']),
    () => runCheck('types', 'tsc', []),
    () => runCheck('types of the web UI', 'tsc', ['--project', 'web-gateway/ui']),
    () => runCheck('protocol style', 'buf', ['lint']),
    () => runCheck('direction of imports', 'depcruise', ['--config', '.dependency-cruiser.js', ...present]),
    () => runCheck('published package', 'node', ['scripts/build.js', '--types-are-checked']),
  ];
}

async function runCheck(/** @type {string} */ name, /** @type {string} */ command, /** @type {string[]} */ args) {
  let output = '';
  const { code, ending, took } = await run('sh', ['-c', givingWay, 'sh', command, ...args], {}, (chunk) => (output += chunk.toString()));
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  process.stdout.write(code === 0 ? `✔ ${name} (${took})\n` : `✘ ${name} (${took}, ${ending})\n${output}\n`);
}

async function runSpecs(/** @type {string} */ name, /** @type {string[]} */ specs) {
  if (specs.length === 0) return;
  const file = path.join(reports, `${name}.json`);
  // Each thread and process of a spec loads the sources anew; compiled once, in half the time.
  const compiled = path.join(root, 'node_modules', '.cache', 'homeport', 'compiled');
  const env = { NODE_COMPILE_CACHE: compiled, HOMEPORT_TEST_REPORT: file, ...(isLong ? { HOMEPORT_TEST_LONG: '1' } : {}) };
  const colour = process.stdout.isTTY ? '--color' : '--no-color';
  let output = '';
  const { code, ending, took } = await run('mocha', [colour, '--reporter', 'scripts/counting-reporter.js', ...specs], env, (chunk) => (output += chunk.toString()));
  process.stdout.write(`\n${name} (${took})${output}`);
  if (!existsSync(file)) {
    totals.failed += 1;
    process.stdout.write(`\nThe specs of ${name} ended early (${ending}).\n`);
    return;
  }
  const { passed, failed, skipped } = JSON.parse(readFileSync(file, 'utf8'));
  totals.passed += passed;
  totals.failed += failed === 0 && code !== 0 ? 1 : failed;
  totals.skipped.push(...skipped);
  if (failed === 0 && code !== 0) process.stdout.write(`The specs of ${name} passed, but did not end by themselves (${ending}); what they left open is said above.\n`);
}

/**
 * Runs a tool in a process group of its own, so that a deadline or Ctrl-C ends it with all it started.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} extraEnv
 * @param {(chunk: Buffer) => void} print
 * @returns {Promise<{ code: number | null, ending: string, took: string }>} how it ended and how long it took, in words
 */
function run(command, args, extraEnv, print) {
  return new Promise((resolve, reject) => {
    const env = { ...toolEnvironment(), ...extraEnv };
    const sinceMs = Date.now();
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.on('data', print);
    child.stderr.on('data', print);
    const stop = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All of it has ended.
      }
    };
    const interrupt = () => {
      stop();
      process.exit(130);
    };
    if (deadline.aborted) stop();
    deadline.addEventListener('abort', stop);
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      deadline.removeEventListener('abort', stop);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      const ending = deadline.aborted ? `stopped at the deadline of ${deadlineMs / 60_000} minutes` : (signal ?? `exit code ${code}`);
      resolve({ code, ending, took: `${Math.round((Date.now() - sinceMs) / 1000)} s` });
    });
  });
}

/** The spec files by the folder under test/ they are in. */
function groupSpecs() {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of readdirSync(path.join(root, 'test'), { recursive: true }).map(String).sort()) {
    if (!name.endsWith('.spec.ts')) continue;
    const group = name.split(path.sep)[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), path.join('test', name)]);
  }
  return groups;
}

function report() {
  const forbidden = isContinuousIntegration ? totals.skipped.filter((title) => !title.includes('EVENTSTORE_URL')) : [];
  for (const title of forbidden) process.stdout.write(`Skipped, which CI=true forbids: ${title}\n`);
  const failed = totals.failed + forbidden.length;
  process.stdout.write(`\nTook ${Math.round((Date.now() - startedAtMs) / 1000)} s.\n`);
  const skipped = totals.skipped.length - forbidden.length;
  process.stdout.write(`${totals.passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  // Children that were stopped may have left something open; the run is over all the same.
  process.exit(failed === 0 ? 0 : 1);
}
