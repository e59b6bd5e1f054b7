/** Reads an export through before anything is written: whether it is whole, and what is in it. */
import { createReadStream } from 'node:fs';
import { ExportError } from './export-error.ts';
import type { ExportedEvent, ExportHeader, ExportRemoval } from './export-format.ts';
import { readExport } from './read-export.ts';
import { checkHeader, sizeOf } from './verify-export.ts';
import { partOf } from './import-order.ts';
import { createStreamDigests, type StreamDigests } from './stream-digests.ts';

export interface SurveyedExport {
  readonly header: ExportHeader;
  readonly bytes: number;
  /** Of the events that are imported in their order. */
  readonly digests: StreamDigests;
  readonly removed: readonly ExportRemoval[];
  /** Streams whose events get other revisions where a stream can only begin at 0: from which revision on they are there. */
  readonly renumbered: ReadonlyMap<string, number>;
  /** Streams of the other server's own, which are left out where streams begin anew. */
  readonly systemEvents: number;
}

/**
 * `onRead` is told how many bytes were read, of how many. `onEvent` sees each event with its number in its stream, from 0, and may throw. Throws {@link ExportError}
 * `export-unreadable`, `export-too-new` or `export-altered`.
 */
export async function surveyExport(file: string, options: { readonly onRead: (bytes: number, of: number) => void; readonly onDigest?: (stream: string, count: number, digest: string) => void; readonly signal?: AbortSignal }): Promise<SurveyedExport> {
  const size = sizeOf(file);
  const digests = createStreamDigests();
  const removed: ExportRemoval[] = [];
  const renumbered = new Map<string, number>();
  let header: ExportHeader | undefined;
  let isWhole: boolean | undefined;
  let systemEvents = 0;

  const take = (event: ExportedEvent): void => {
    const part = partOf(event);
    if (part === 'system') systemEvents += 1;
    if (part !== 'stream') return;
    const { count, digest } = digests.add(event);
    if (event.revision !== count - 1 && !renumbered.has(event.stream)) renumbered.set(event.stream, event.revision);
    options.onDigest?.(event.stream, count, digest);
  };

  for await (const page of readExport(createReadStream(file))) {
    options.signal?.throwIfAborted();
    for (const { number, line, isWhole: fits } of page) {
      if (number === 1) checkHeader(file, line.kind === 'header' ? (header = line.header) : undefined);
      else if (isWhole !== undefined || line.kind === 'unreadable' || line.kind === 'header') throw altered(file, `line ${number} is none of it`);
      else if (line.kind === 'event') take(line.event);
      else if (line.kind === 'removed') removed.push(line.removed);
      else if (line.kind === 'end') isWhole = fits === true;
    }
    options.onRead(page.at(-1)?.endsAt ?? 0, size);
  }
  checkHeader(file, header);
  if (isWhole === undefined) throw altered(file, 'it has no end: it was cut off, or its making was interrupted');
  if (!isWhole) throw altered(file, 'its checksum does not fit: it was changed since it was made');
  return { header, bytes: size, digests, removed, renumbered, systemEvents };
}

function altered(file: string, why: string): ExportError {
  return new ExportError('export-altered', `${file} is not as it was written: ${why}. Make another export, or take another copy; events verify --file says more`);
}
