/** `homeport events import`: what `events export` wrote, into an empty store of either kind. */
import { Command } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import type { ImportResult } from '../../archive/import-result.ts';
import { misuse } from '../cli-error.ts';
import { eventStoreOf } from '../event-store-flags.ts';
import { flag, secretFileFlag } from '../flags.ts';
import { interruptible } from '../interruptible.ts';
import { createStepBars } from '../progress-bar.ts';

interface Flags {
  readonly dataDir?: string;
  readonly eventStore?: string;
  readonly eventStoreFile?: string;
  readonly json?: true;
}

/** So many renumbered streams are named. */
const named = 10;

export function eventsImportCommand(): Command {
  return new Command('import')
    .description("bring what events export wrote into an empty store, on the server's own machine, and hold it against the export")
    .argument('<file>', 'what homeport events export wrote')
    .addOption(flag('--data-dir <folder>', 'the data directory of the embedded store, without a server running; with --event-store, one whose installation records there from then on'))
    .addOption(flag('--event-store <store>', 'sqlite, the embedded store, or the connection string of an EventStoreDB: esdb://…'))
    .addOption(secretFileFlag('event-store', 'a file that holds that connection string'))
    .addOption(flag('--json', 'print what was done as JSON'))
    .action(importFile);
}

async function importFile(file: string, flags: Flags): Promise<void> {
  const server = serverOf(flags);
  const dataDirectory = flags.dataDir ?? (server === undefined ? controlPlaneDefaults.dataDir : undefined);
  // Client commands start faster without it.
  const { importEvents } = await import('../../archive/import-events.ts');
  const bars = createStepBars();
  const outcome = server === undefined ? 'nothing was imported' : 'a part was imported, and the next run goes on from there';
  const result = await interruptible(outcome, (signal) => importEvents({ file, dataDirectory, server, onProgress: bars.show, signal })).finally(bars.clear);
  process.stdout.write(flags.json === true ? `${JSON.stringify({ ...result, problem: result.problem ?? null }, undefined, 2)}\n` : forPeople(result, dataDirectory));
  if (result.problem !== undefined) process.stderr.write(`homeport: the record that was exported was not as it had been recorded: ${result.problem.message}\n`);
}

function serverOf(flags: Flags): string | undefined {
  const store = eventStoreOf(flags);
  if (store === undefined || store === 'sqlite') return undefined;
  if (!/^esdb(\+discover)?:\/\//.test(store)) throw misuse('--event-store is sqlite, or the connection string of an EventStoreDB: esdb://… or esdb+discover://…');
  return store;
}

function forPeople({ events, streams, before, isAsItWas, renumbered, metadata, leftOut }: ImportResult, dataDirectory: string | undefined): string {
  const number = (value: number): string => value.toLocaleString('en');
  const lines = [
    `Imported ${number(events)} events in ${number(streams)} streams; each stream's count and digest are those of the export.`,
    ...(before === 0 ? [] : [`${number(before)} of them were there from an earlier run.`]),
    isAsItWas ? 'Positions, revisions and the chain are as they were: checkpoints hold.' : 'Positions are new ones, and so is the chain, where the store keeps one: checkpoints of before belong to the export.',
    ...(metadata === 0 ? [] : [`The metadata of ${number(metadata)} streams came along, the newest of each.`]),
    ...(leftOut === 0 ? [] : [`${number(leftOut)} events of the other server's own streams ($…) were left out.`]),
    ...(renumbered.length === 0 ? [] : [`${number(renumbered.length)} streams have other revisions than in the export, where what came before had expired or was left out:`]),
    ...renumbered.slice(0, named).map(({ stream, from }) => `  ${stream}: what was ${number(from)} there`),
    ...(renumbered.length > named ? [`  … and ${number(renumbered.length - named)} more, which --json names`] : []),
    ...(dataDirectory === undefined ? [] : [`${dataDirectory} records there now.`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
