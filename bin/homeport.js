#!/usr/bin/env node
/** The `homeport` command. */
import { runCli } from './run-cli.js';

await runCli(process.argv.slice(2));
