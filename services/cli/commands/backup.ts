/** `homeport backup` and `homeport restore`: all that agents and auditors depend on, in one file, and on another machine. */
import { Command } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import { CliError } from '../cli-error.ts';
import { writeOutput } from '../file-output.ts';
import { flag } from '../flags.ts';
import { interruptible } from '../interruptible.ts';
import { programName } from '../program-name.ts';
import { createStepBars } from '../progress-bar.ts';

interface Flags {
  readonly dataDir: string;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description("write the events, the keys and all else that agents and auditors depend on to a file, on the server's own machine, beside its server or without it")
    .argument('<file>', 'where to; - for stdout. Whoever has it has the keys')
    .addOption(flag('--data-dir <folder>', 'the data directory').default(controlPlaneDefaults.dataDir))
    .action(backUp);
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('restore a backup into a new data directory, on this or another machine')
    .argument('<file>', 'what homeport backup wrote')
    .addOption(flag('--data-dir <folder>', 'the data directory, which must be empty or not be there').default(controlPlaneDefaults.dataDir))
    .action(restore);
}

async function backUp(file: string, { dataDir }: Flags): Promise<void> {
  // Client commands start faster without it.
  const { writeBackup } = await import('../../archive/write-backup.ts');
  const bars = createStepBars();
  const backup = writeBackup(dataDir, { at: new Date().toISOString(), onProgress: (done, total) => bars.show('backing up', done, total) });
  const isNotWhole = file === '-' ? 'what was written is not whole' : `${file} was not written`;
  await interruptible(isNotWhole, async (signal) => writeOutput(file, untilAborted(backup.bytes, signal))).finally(bars.clear);
  const { store, head } = backup.manifest;
  const files = backup.files();
  const events = store === 'sqlite' ? `the events up to position ${Number(head ?? 0).toLocaleString('en')}, and ${files.length} files` : `${files.length} files. The events are in an EventStoreDB: back that up by its own means`;
  const kept = keptElsewhere(store, files);
  process.stderr.write(`homeport: ${file === '-' ? 'written' : file}: ${events}. It holds secrets: whoever has it has this installation's keys\n`);
  for (const line of kept) process.stderr.write(`homeport: ${line}\n`);
}

/** Keys that lie on another volume are the operator's to keep. */
function keptElsewhere(store: 'sqlite' | 'eventstoredb', files: readonly string[]): string[] {
  // `serve --roles store` has neither.
  if (!files.includes('node-id')) return [];
  return [
    ...(files.includes('keys/installation.key') ? [] : ['keys/installation.key is not in the data directory (--key-file): keep a copy of it, too; nothing works without it']),
    ...(store === 'eventstoredb' || files.includes('keys/checkpoint.key') ? [] : ['keys/checkpoint.key is not in the data directory (--checkpoint-key-file): keep a copy of it, too']),
  ];
}

async function restore(file: string, { dataDir }: Flags): Promise<void> {
  const { restoreBackup } = await import('../../archive/restore-backup.ts');
  const bars = createStepBars();
  const { manifest, log, files } = await interruptible(`${dataDir} was not restored`, (signal) => restoreBackup(file, dataDir, { onProgress: bars.show, signal })).finally(bars.clear);
  const events = log === undefined ? 'its events are in an EventStoreDB: start serve with the --event-store it had' : `${log.events.toLocaleString('en')} events in ${log.streams.toLocaleString('en')} streams, up to position ${log.lastPosition.toLocaleString('en')}`;
  process.stdout.write(`Restored the backup of ${manifest.at} into ${dataDir}: ${files.length} files, and ${events}.\n`);
  process.stdout.write(`Start it by: ${programName()} serve --data-dir ${dataDir}\n`);
  if (log?.problem !== undefined) {
    process.stderr.write(`homeport: the record that was backed up was not as it had been recorded: ${log.problem.message} See ${programName()} events verify --data-dir ${dataDir}\n`);
  }
}

async function* untilAborted(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    if (signal.aborted) throw new CliError('interrupted', 'interrupted');
    yield chunk;
  }
}
