/** `homeport events verify`: whether the record is as it was recorded. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import type { ExportVerification } from '../../archive/verify-export.ts';
import type { RecordVerification } from '../../audit/verification.ts';
import type { SignedCheckpoint } from '../../domain/checkpoint.ts';
import { CliError, misuse } from '../cli-error.ts';
import { checkDataDirectory } from '../data-directory.ts';
import { flag } from '../flags.ts';
import { createStepBars, type StepBars } from '../progress-bar.ts';

interface Flags {
  readonly dataDir: string;
  readonly file?: string;
  readonly checkpoints?: string;
  readonly publicKey?: string;
  readonly json?: true;
}

type Verified = RecordVerification & Partial<Pick<ExportVerification, 'header'>>;

export function eventsVerifyCommand(): Command {
  return new Command('verify')
    .description("prove that nothing recorded was altered: of a data directory, on the server's own machine, beside its server or without it; or of an export, anywhere")
    .addOption(flag('--data-dir <folder>', 'the data directory').default(controlPlaneDefaults.dataDir))
    .addOption(flag('--file <export>', 'verify what events export wrote, instead of a data directory'))
    .addOption(flag('--checkpoints <file>', 'checkpoints that were kept elsewhere: NATS messages or what GET /api/v1/checkpoints answered'))
    .addOption(flag('--public-key <key>', 'the key that signed them (base64); the one in the data directory otherwise, with an export any'))
    .addOption(flag('--json', 'print what was found as JSON'))
    .action(verifyEvents);
}

async function verifyEvents(flags: Flags): Promise<void> {
  const { publicKey } = flags;
  if (publicKey !== undefined && Buffer.from(publicKey, 'base64').length !== 32) throw misuse('--public-key is no key: give 32 bytes in base64, as checkpoint-key.pub holds them');
  if (flags.file === undefined) checkHasChain(flags.dataDir);
  const checkpoints = flags.checkpoints === undefined ? [] : await readCheckpoints(flags.checkpoints);
  const bars = createStepBars();
  const found = await verify(flags, checkpoints, bars).finally(bars.clear);
  const [unusable] = found.kept.unusable;
  process.stdout.write(flags.json === true ? `${JSON.stringify({ ok: found.first === undefined && unusable === undefined, ...found, first: found.first ?? null }, undefined, 2)}\n` : forPeople(found));
  if (found.first !== undefined) {
    throw new CliError('record-altered', `${found.first.message} The record is not as it was recorded: keep this ${flags.file === undefined ? 'data directory' : 'export'} as it is, find out who could write to it, and compare with a backup`);
  }
  if (unusable !== undefined) throw new CliError('checkpoints-unusable', `${unusable.message} It proves nothing of the record, nor against it: take ${flags.checkpoints ?? 'the checkpoints'} from where they were kept again, or name the key by --public-key`);
}

/** Either kind of record. Client commands start faster without what verifies it. */
async function verify({ file, dataDir, publicKey }: Flags, checkpoints: readonly SignedCheckpoint[], bars: StepBars): Promise<Verified> {
  if (file === undefined) {
    const { verifyRecord } = await import('../../audit/verification.ts');
    return verifyRecord({ dataDirectory: dataDir, checkpoints, publicKey, onProgress: (done, total) => bars.show('verifying', done, total) });
  }
  const { verifyExport } = await import('../../archive/verify-export.ts');
  return verifyExport({ file, checkpoints, publicKey, onProgress: bars.show });
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

function forPeople({ first, problems, events, groups, recomputed, expired, lastPosition, recorded, importedAt, former, kept, provenBy, uncovered, chain, header }: Verified): string {
  const number = (value: number): string => value.toLocaleString('en');
  const isWhole = header === undefined || header.filter === null;
  const gone = isWhole ? 'have expired or were removed' : 'were not asked for, have expired or were removed';
  const unusable = kept.unusable.length;
  const lines = [
    first === undefined ? 'The record is as it was recorded.' : `The record was altered: ${String(problems.length)} ${problems.length === 1 ? 'thing is' : 'things are'} wrong.`,
    '',
    ...(header === undefined ? [] : [`  export       of ${header.at}, ${header.filter === null ? 'of everything' : `of a part: ${JSON.stringify(header.filter)}. That it holds all of that part is not proven`}`]),
    `  events       ${number(events)} of ${number(lastPosition)} recorded; ${number(lastPosition - events)} ${gone}`,
    `  groups       ${number(groups)}, ${number(recomputed)} recomputed, ${number(expired)} ${isWhole ? 'of expired events ' : ''}held by the chain`,
    `  chain        ${chain}`,
    `  checkpoints  ${number(kept.fitting)} of ${number(kept.given)} kept elsewhere fit, ${number(recorded.fitting)} of ${number(recorded.given)} in the log${former === 0 ? '' : ` (${number(former)} more came with an import)`}${unusable === 0 ? '' : `; ${number(unusable)} of those kept elsewhere can't be used`}`,
    ...(importedAt === 0 ? [] : [`  imported     up to position ${number(importedAt)}, as the log says: hold checkpoints of before against the export it came from`]),
    ...(first !== undefined ? [] : [provenBy === undefined ? '  proven by    no checkpoint: whoever can write the file could have written all of it' : `  proven by    the checkpoint of ${provenBy.at}${kept.given === 0 ? '' : kept.newest === undefined ? ', which is in the log' : ', which was kept elsewhere'}; ${number(uncovered)} ${uncovered === 1 ? 'event' : 'events'} came after it`]),
    ...(first === undefined && kept.given === 0 && recorded.given > 0 ? ['               in the log alone: who has its key could have written it anew; keep checkpoints elsewhere'] : []),
    ...(problems.length + unusable === 0 ? [] : ['', ...[...problems, ...kept.unusable].map(({ kind, message }) => `  ${kind.padEnd(11)}  ${message}`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
