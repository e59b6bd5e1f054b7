/** Brings events into a store in which all streams begin anew, in the order of the log, and holds what is there then against the export. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { schemaVersions } from '../domain/event-codec.ts';
import type { EventDataByType } from '../domain/events.ts';
import { ExportError } from './export-error.ts';
import type { ExportedEvent } from './export-format.ts';
import type { EventSink } from './event-sink.ts';
import { createRuns, type EventRun, partOf } from './import-order.ts';
import { readExport } from './read-export.ts';
import { createStreamDigests, firstDifference, type StreamDigests } from './stream-digests.ts';
import type { SurveyedExport } from './survey-export.ts';

/** Each import anew leaves an event in it. */
const importStream = 'imports';

export interface AnewProgress {
  /** Events that stand in the store. */
  onImported(events: number, of: number): void;
  /** Events that were read back. */
  onCompared(events: number, of: number): void;
  readonly signal?: AbortSignal | undefined;
}

/** `before` is what an earlier run has imported. Throws {@link ExportError} `import-differs`, and EventStoreError. */
export async function importAnew(file: string, survey: SurveyedExport, sink: EventSink, before: StreamDigests, progress: AnewProgress): Promise<{ readonly metadata: number }> {
  const { digests } = survey;
  const counts = new Map<string, number>();
  const metadata = new Map<string, ExportedEvent>();
  const tombstones: ExportedEvent[] = [];
  const runs = createRuns();
  let imported = 0;

  const append = async (run: EventRun | undefined): Promise<void> => {
    progress.signal?.throwIfAborted();
    if (run === undefined) return;
    await sink.append(run);
    imported += run.events.length;
    progress.onImported(imported, digests.count);
  };
  const take = async (event: ExportedEvent): Promise<void> => {
    const part = partOf(event);
    if (part === 'metadata') metadata.set(event.stream, event);
    if (part === 'tombstone') tombstones.push(event);
    if (part !== 'stream') return;
    const revision = counts.get(event.stream) ?? 0;
    counts.set(event.stream, revision + 1);
    if (revision >= before.of(event.stream).count) await append(runs.add(event, revision));
    else imported += 1;
  };

  for await (const page of readExport(createReadStream(file))) {
    for (const { line } of page) {
      if (line.kind === 'event') await take(line.event);
    }
  }
  await append(runs.rest());
  for (const event of metadata.values()) await sink.setMetadata(event);
  await compare(sink, survey, metadata, progress);
  for (const event of tombstones) await sink.tombstone(event, (counts.get(event.stream) ?? 0) - 1);
  await sink.append(importRecord(survey, counts.get(importStream) ?? 0));
  return { metadata: metadata.size };
}

/** Positions, and the chain where there is one, begin anew: what was signed over those of before is told from what is signed from now on. */
function importRecord({ header, digests, renumbered }: SurveyedExport, firstRevision: number): EventRun {
  const at = new Date().toISOString();
  const data: EventDataByType['EventsImported'] = {
    at,
    events: digests.count,
    streams: digests.streamCount,
    renumberedStreams: renumbered.size,
    fromStore: header.store,
    fromHead: header.head,
    exportedAt: header.at,
  };
  const id = randomUUID();
  const metadata = { $correlationId: id, actor: 'user:local', schemaVersion: schemaVersions.EventsImported, recordedAt: at };
  const event = { id, stream: importStream, revision: firstRevision, position: '', type: 'EventsImported', createdAtMs: Date.parse(at), data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
  return { stream: importStream, firstRevision, createdAtMs: event.createdAtMs, events: [event] };
}

async function compare(sink: EventSink, { digests }: SurveyedExport, metadata: ReadonlyMap<string, ExportedEvent>, { onCompared, signal }: AnewProgress): Promise<void> {
  const found = createStreamDigests();
  const foundMetadata = new Map<string, string>();
  for await (const page of sink.readAll()) {
    signal?.throwIfAborted();
    for (const event of page) {
      const part = partOf(event);
      if (part === 'stream') found.add(event);
      if (part === 'metadata') foundMetadata.set(event.stream, event.data);
    }
    onCompared(found.count, digests.count);
  }
  const lost = [...metadata.values()].find(({ stream, data }) => foundMetadata.get(stream) !== data);
  const difference = firstDifference(digests, found) ?? (lost === undefined ? undefined : `${lost.stream} holds other metadata`);
  if (difference !== undefined) throw new ExportError('import-differs', `what is in the store now is not what the export holds: ${difference}. Did anything else write there? Empty the store and run it again`);
}
