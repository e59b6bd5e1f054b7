/** Mocha's spec reporter, which also writes its totals as JSON to the file that HOMEPORT_TEST_REPORT names, and tells what keeps specs from ending. */
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers';
import Mocha from 'mocha';

/** What specs leave open ends within moments; what is open after so long was forgotten. */
const END_WITHIN_MS = 20_000;

/** Named as Mocha's command line expects it: the module's one export. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = runner.stats;
      const file = process.env.HOMEPORT_TEST_REPORT;
      if (file !== undefined) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped }));
      setTimeout(failForWhatIsOpen, END_WITHIN_MS).unref();
    });
  }
}

/** Ends the process as failed, with the kinds and details of what it still waits for. */
function failForWhatIsOpen() {
  process.stderr.write(`Still open ${END_WITHIN_MS / 1000} s after the last spec: ${process.getActiveResourcesInfo().join(', ')}\n`);
  for (const handle of process._getActiveHandles?.() ?? []) process.stderr.write(`  ${describe(handle)}\n`);
  // Mocha sets its own exit code as the process ends.
  process.on('exit', () => (process.exitCode = 1));
  process.exit(1);
}

function describe(handle) {
  const name = handle.constructor?.name ?? 'handle';
  if (name === 'ChildProcess') return `process ${handle.pid}, ended: ${handle.exitCode !== null || handle.signalCode !== null}: ${handle.spawnargs?.join(' ')}`;
  const { localAddress, localPort, remoteAddress, remotePort, path, fd, destroyed } = handle;
  return `${name} ${JSON.stringify({ localAddress, localPort, remoteAddress, remotePort, path, fd, destroyed, address: handle.address?.() })}`;
}
