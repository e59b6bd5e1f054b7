/**
 * Runs the command line: from the sources in a checkout, from dist/ in the published package. Plain JavaScript that any Node
 * from 20 on can start, because the Node on the PATH may be older than the one Homeport needs and pins.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const oldestNode = 24;
const sources = new URL('../services/cli/main.ts', import.meta.url);
const built = new URL('../dist/services/cli/main.js', import.meta.url);
const pinnedNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
/** Of the checkout's own, where nobody else writes: what is in it is run. */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/homeport/compiled', import.meta.url));
const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/** Runs `homeport` with these arguments; the process ends with its exit code. */
export async function runCli(/** @type {string[]} */ args) {
  const entry = existsSync(sources) ? sources : built;
  if (Number.parseInt(process.versions.node, 10) >= oldestNode) {
    if (entry === sources) module.enableCompileCache(compileCache);
    const { main } = await import(entry.href);
    await main(args);
    return;
  }
  if (!existsSync(pinnedNode)) {
    const remedy = entry === sources ? 'run npm install in the checkout, which brings it' : 'install it';
    process.stderr.write(`homeport: Node ${oldestNode} or later is needed and this is ${process.versions.node}; ${remedy}.\n`);
    process.exitCode = 1;
    return;
  }
  // Before there is a child: a signal that came in between would end us and leave it behind.
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes by itself.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const child = spawn(pinnedNode, [fileURLToPath(new URL('homeport.js', import.meta.url)), ...args], { stdio: 'inherit' });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}
