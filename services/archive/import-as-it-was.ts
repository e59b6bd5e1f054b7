/** Brings the whole log of an embedded store into another one: positions, revisions, groups and the chain stay, so that checkpoints hold. */
import type { LogImport } from '../event-store/open.ts';
import type { OnProgress } from '../event-store/log-verification.ts';
import { firstOf } from '../audit/verification.ts';
import { ExportError } from './export-error.ts';
import type { ExportRemoval } from './export-format.ts';
import type { ImportedLog } from './import-result.ts';
import type { PlacedLine } from './read-export.ts';
import { removalOf } from './rebuilt-export.ts';
import { createStreamDigests, firstDifference } from './stream-digests.ts';

export interface WholeLog {
  readonly lines: AsyncIterable<readonly PlacedLine[]>;
  readonly onRead: (bytes: number) => void;
  readonly onVerified: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Neither completes nor discards the import. Throws {@link ExportError} `import-differs` or `export-altered`, and EventStoreError. */
export async function importAsItWas({ lines, onRead, onVerified, signal }: WholeLog, log: LogImport): Promise<ImportedLog> {
  const expected = createStreamDigests();
  const removed: ExportRemoval[] = [];
  const { rebuild } = log;
  for await (const page of lines) {
    signal?.throwIfAborted();
    for (const { number, line } of page) {
      if (line.kind === 'removed') removed.push(line.removed);
      else if (line.kind === 'group') {
        if (!rebuild.addGroup(line.group)) throw twice(number);
      } else if (line.kind === 'event') {
        if (!rebuild.addEvent({ ...line.event, position: Number(line.event.position) })) throw twice(number);
        expected.add(line.event);
      }
    }
    onRead(page.at(-1)?.endsAt ?? 0);
  }
  const removal = removalOf(removed);
  rebuild.finish(removal);
  const found = createStreamDigests();
  for (const page of log.events()) for (const event of page) found.add(event);
  const difference = firstDifference(expected, found);
  if (difference !== undefined) throw new ExportError('import-differs', `what was imported is not what the export holds: ${difference}. Check the disk, and run it again`);
  log.removeExpired();
  const verification = log.verify(onVerified);
  return { events: verification.events, streams: found.streamCount, lastPosition: verification.lastPosition, problem: firstOf(verification.problems) };
}

function twice(number: number): ExportError {
  return new ExportError('export-altered', `the export is not as it was written: line ${number} takes a place that another line has taken. Make another export, or take another copy`);
}
