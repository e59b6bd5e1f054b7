/** `homeport projections`: the read models, which are made of the record and can be made again. */
import { Command } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import { checkDataDirectory, isServing } from '../data-directory.ts';
import { eventStoreOf, withEventStoreFlags } from '../event-store-flags.ts';
import type { EventStoreFlags } from '../event-store-flags.ts';
import { flag } from '../flags.ts';
import { interruptible } from '../interruptible.ts';
import { withServersClient } from '../local-client.ts';
import { createProgressBar } from '../progress-bar.ts';
import { rebuildByServer } from '../rest/rebuild.ts';
import type { RebuildProgress } from '../rest/rebuild.ts';

interface Flags extends EventStoreFlags {
  readonly dataDir: string;
  readonly json?: true;
}

export function projectionsCommand(): Command {
  const rebuild = new Command('rebuild')
    .description("rebuild the read models from the record, on the server's own machine, beside its server or without it")
    .addOption(flag('--data-dir <folder>', 'the data directory').default(controlPlaneDefaults.dataDir))
    .addOption(flag('--json', 'print what was done as JSON'));
  return new Command('projections').description('the read models, which the record makes').addCommand(withEventStoreFlags(rebuild).action(rebuildProjections));
}

async function rebuildProjections(flags: Flags): Promise<void> {
  checkDataDirectory(flags.dataDir);
  const bar = createProgressBar('rebuilding');
  const startedMs = performance.now();
  let events = 0;
  const onProgress = (progress: RebuildProgress): void => {
    ({ events } = progress);
    if (progress.share !== null) bar.showShare(progress.share, `${events.toLocaleString('en')} events`);
  };
  await interruptible('the read models are those that were there before', async (signal) => {
    if (await isServing(flags.dataDir)) await withServersClient(flags.dataDir, (client) => rebuildByServer(client, onProgress, signal));
    else await rebuildAlone(flags, onProgress, signal);
  }).finally(bar.clear);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  process.stdout.write(flags.json === true ? `${JSON.stringify({ events, seconds })}\n` : `Rebuilt the read models from ${events.toLocaleString('en')} events in ${seconds} s.\n`);
}

async function rebuildAlone(flags: Flags, onProgress: (progress: RebuildProgress) => void, signal: AbortSignal): Promise<void> {
  // Client commands start faster without all of it.
  const [{ rebuildOffline }, { pino }] = await Promise.all([import('../../control-plane/offline-rebuild.ts'), import('pino')]);
  const logger = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  await rebuildOffline(flags.dataDir, { eventStore: eventStoreOf(flags), logger, onProgress, signal });
}
