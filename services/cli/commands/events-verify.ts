/** `homeport events verify`: whether the record is as it was recorded. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import type { RecordVerification } from '../../audit/verification.ts';
import { CliError, misuse } from '../cli-error.ts';
import { checkDataDirectory } from '../data-directory.ts';
import { flag } from '../flags.ts';
import { createProgressBar } from '../progress-bar.ts';

interface Flags {
  readonly dataDir: string;
  readonly checkpoints?: string;
  readonly publicKey?: string;
  readonly json?: true;
}

export function eventsVerifyCommand(): Command {
  return new Command('verify')
    .description("prove that nothing recorded was altered, on the server's own machine, beside its server or without it")
    .addOption(flag('--data-dir <folder>', 'the data directory').default(controlPlaneDefaults.dataDir))
    .addOption(flag('--checkpoints <file>', 'checkpoints that were kept elsewhere: NATS messages or what GET /api/v1/checkpoints answered'))
    .addOption(flag('--public-key <key>', 'the key that signed them (base64); the one in the data directory otherwise'))
    .addOption(flag('--json', 'print what was found as JSON'))
    .action(verifyEvents);
}

async function verifyEvents(flags: Flags): Promise<void> {
  const { dataDir, publicKey } = flags;
  if (publicKey !== undefined && Buffer.from(publicKey, 'base64').length !== 32) throw misuse('--public-key is no key: give 32 bytes in base64, as checkpoint-key.pub holds them');
  checkHasChain(dataDir);
  // Client commands start faster without it.
  const { verifyRecord } = await import('../../audit/verification.ts');
  const checkpoints = flags.checkpoints === undefined ? [] : await readCheckpoints(flags.checkpoints);
  const bar = createProgressBar('verifying');
  const found = verifyRecord({ dataDirectory: dataDir, checkpoints, publicKey, onProgress: bar.show });
  bar.clear();
  process.stdout.write(flags.json === true ? `${JSON.stringify({ ok: found.first === undefined, ...found, first: found.first ?? null }, undefined, 2)}\n` : forPeople(found));
  if (found.first !== undefined) {
    throw new CliError('record-altered', `${found.first.message} The record is not as it was recorded: keep this data directory as it is, find out who could write to it, and compare with a backup`);
  }
}

function checkHasChain(dataDir: string): void {
  checkDataDirectory(dataDir);
  if (existsSync(join(dataDir, 'events.db'))) return;
  throw new CliError('checkpoints-not-kept', 'this installation records in an EventStoreDB, which has no chain that could be verified');
}

async function readCheckpoints(file: string) {
  const { parseCheckpoints } = await import('../../audit/kept-checkpoints.ts');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError('checkpoints-unreadable', `${file} can't be read: name the file that holds the checkpoints`, { cause: error });
  }
  try {
    return parseCheckpoints(text);
  } catch (error) {
    throw new CliError('checkpoints-unreadable', `${file} can't be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function forPeople({ first, problems, events, groups, recomputed, expired, lastPosition, recorded, kept, uncovered, chain }: RecordVerification): string {
  const number = (value: number): string => value.toLocaleString('en');
  const covered = kept.newest ?? recorded.newest;
  const lines = [
    first === undefined ? 'The record is as it was recorded.' : `The record was altered: ${String(problems.length)} ${problems.length === 1 ? 'thing is' : 'things are'} wrong.`,
    '',
    `  events       ${number(events)} of ${number(lastPosition)} recorded; ${number(lastPosition - events)} have expired or were removed`,
    `  groups       ${number(groups)}, ${number(recomputed)} recomputed, ${number(expired)} of expired events held by the chain`,
    `  chain        ${chain}`,
    `  checkpoints  ${number(kept.fitting)} of ${number(kept.given)} kept elsewhere fit, ${number(recorded.fitting)} of ${number(recorded.given)} in the log`,
    covered === undefined ? '  proven by    no checkpoint: whoever can write the file could have written all of it' : `  proven by    the checkpoint of ${covered.at}; ${number(uncovered)} events came after the newest`,
    ...(kept.given === 0 && recorded.given > 0 ? ['               in the log alone: who has its key could have written it anew; keep checkpoints elsewhere'] : []),
    ...(problems.length === 0 ? [] : ['', ...problems.map(({ kind, message }) => `  ${kind.padEnd(11)}  ${message}`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
