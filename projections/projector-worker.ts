/** The thread that writes the read models. It stops on any error; whoever started it starts another. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '../services/event-store/open.ts';
import { projections } from './catalogue.ts';
import { createChangeCollector } from './changes/change-collector.ts';
import { contradiction, loadCheckpoint } from './checkpoint.ts';
import { createFold } from './fold.ts';
import { runProjector, type ProjectorOptions } from './projector.ts';
import { deleteReadModel, isCorruption, openReadModel, type OpenedReadModel } from './read-model-file.ts';
import type { ProjectorData, ProjectorNews, ProjectorRequest } from './thread-messages.ts';

const { file, reader: description, pollFoldMs, isAnew, watchedPolls } = workerData as ProjectorData;
const stopping = new AbortController();
const changes = createChangeCollector();
changes.watchPolls(watchedPolls);

function tell(news: ProjectorNews): void {
  parentPort?.postMessage(news);
}

function announce({ database, discarded, isOutdated }: OpenedReadModel, isNew: boolean): void {
  tell({ kind: 'opened', position: loadCheckpoint(database).last?.position, isNew, discarded, isOutdated });
}

parentPort?.on('message', (request: ProjectorRequest) => {
  if (request.kind === 'close') stopping.abort();
  else changes.watchPolls(request.environmentIds);
});

try {
  if (isAnew) deleteReadModel(file);
  let opened = openReadModel(file, projections);
  const reader = await openReader(description);
  try {
    const discarded = await contradiction(loadCheckpoint(opened.database), reader);
    if (discarded !== undefined) {
      opened.database.close();
      deleteReadModel(file);
      opened = { ...openReadModel(file, projections), discarded };
    }
    announce(opened, isAnew || opened.discarded !== undefined);
    const fold = createFold(opened.database, projections);
    const onApplied: ProjectorOptions['onApplied'] = (position, isCaughtUp, collected) => tell({ kind: 'applied', position, isCaughtUp, events: fold.seen, collected });
    await runProjector({ reader, fold, changes, pollFoldMs, signal: stopping.signal, onApplied });
  } finally {
    await reader.close();
    opened.database.close();
  }
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: 'failed', message, stack, isCorrupt: isCorruption(error) });
}
parentPort?.close();
