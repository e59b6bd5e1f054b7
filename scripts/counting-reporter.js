/** Mocha's spec reporter, which also writes its totals as JSON to the file that HOMEPORT_TEST_REPORT names. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

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
    });
  }
}
