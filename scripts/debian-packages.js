/**
 * Run by itself, installs the Debian packages that the tests' real parts come from, where that is possible: as root on Debian or
 * Ubuntu. Plain JavaScript without dependencies, because npm's packages are installed at the same time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './prepare.js';

/** @typedef {{ name: string, programs?: string[], package: string, packageElsewhere?: string, file?: string }} RealPart A program on the PATH (the best first where any of several will do), or a file. */

/** Where services are told not to start; see invoke-rc.d(8). */
const servicePolicy = '/usr/sbin/policy-rc.d';
const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];

installDebianPackages();

/** Installs what is missing, saying so. Never throws: a suite whose part stays missing says so itself. */
function installDebianPackages() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  /** @type {RealPart[]} */
  const parts = JSON.parse(readFileSync(path.join(root, 'test', 'support', 'real-parts.json'), 'utf8'));
  const isProgram = (/** @type {string} */ name) => folders.some((folder) => existsSync(path.join(folder, name)));
  const isThere = (/** @type {RealPart} */ { name, programs = [name], file }) => (file === undefined ? programs.some(isProgram) : existsSync(file));
  const missing = () => parts.filter((part) => !isThere(part));
  const wanted = unique(missing().map((part) => part.package));
  if (wanted.length === 0) return;
  process.stdout.write(`Installing Debian packages for the tests: ${wanted.join(' ')}\n`);
  withoutStartingServices(() => {
    if (!aptGet(['update'])) return;
    const install = (/** @type {string[]} */ ...names) => aptGet(['install', '--yes', '--no-install-recommends', ...names]);
    // Of a package that this release does not have, apt-get installs none of the others either.
    if (!install(...wanted)) for (const name of wanted) install(name);
    // Newer releases ship the docker command apart from the engine, older ones have no small Chromium.
    const elsewhere = unique(missing().flatMap((part) => part.packageElsewhere ?? []));
    if (elsewhere.length > 0) install(...elsewhere);
  });
}

/** Nothing that is installed for a test starts listening on this machine. */
function withoutStartingServices(/** @type {() => void} */ install) {
  const isOurs = !existsSync(servicePolicy);
  if (isOurs) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (isOurs) rmSync(servicePolicy, { force: true });
  }
}

function aptGet(/** @type {string[]} */ args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (status === 0) return true;
  process.stdout.write(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}\n`);
  return false;
}

function unique(/** @type {string[]} */ names) {
  return [...new Set(names)];
}
