/** `npm start -- FLAGS`: makes the checkout ready, then runs `homeport serve FLAGS`. */
import { runCli } from '../bin/run-cli.js';
import { prepare } from './prepare.js';

try {
  prepare();
  await runCli(['serve', ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`homeport: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
