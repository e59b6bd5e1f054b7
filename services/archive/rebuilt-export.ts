/** Puts the log of an export together again, with what was wrong about its lines. */
import { rebuildForProof, type LogProof } from '../event-store/open.ts';
import type { ArchivedRemoval, LogRebuild } from '../event-store/log-archive.ts';
import { maxProblems, nameEvent, type LogProblem } from '../event-store/log-verification.ts';
import type { ExportEnd, ExportHeader, ExportRemoval } from './export-format.ts';
import type { PlacedLine } from './read-export.ts';

export interface RebuiltExport {
  /** Undefined where there was none: it is no export. */
  readonly header: ExportHeader | undefined;
  readonly end: ExportEnd | undefined;
  readonly proof: LogProof;
  /** What is wrong with the lines, whatever the log they make says. */
  readonly problems: readonly LogProblem[];
}

/** Reads all lines, in the calling thread, which runs SQL. `onRead` is told how many bytes were read. */
export async function rebuildExport(pages: AsyncIterable<readonly PlacedLine[]>, onRead: (bytes: number) => void): Promise<RebuiltExport> {
  const { rebuild, proof, close } = rebuildForProof();
  try {
    const lines = createLineTaker(rebuild);
    for await (const page of pages) {
      for (const line of page) lines.take(line);
      onRead(page.at(-1)?.endsAt ?? 0);
    }
    const { header, end, problems } = lines.finish();
    return { header, end, problems, proof: proof({ isPartial: header !== undefined && header.filter !== null }) };
  } catch (error) {
    close();
    throw error;
  }
}

function createLineTaker(rebuild: LogRebuild) {
  const problems: LogProblem[] = [];
  const removed: ExportRemoval[] = [];
  let header: ExportHeader | undefined;
  let end: ExportEnd | undefined;
  let isWhole = false;
  let newest = 0;
  let displaced: { readonly problem: LogProblem; readonly position: number } | undefined;
  const note = (problem: LogProblem): void => {
    if (problems.length < maxProblems) problems.push(problem);
  };
  const file = (message: string): void => note({ kind: 'file', message });

  const takeEvent = ({ number, line }: PlacedLine): void => {
    if (line.kind !== 'event') return;
    const { position: text, ...event } = line.event;
    const position = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(position)) return file(`Line ${number} holds an event at ${text}, which is no position of this log.`);
    const named = { position, stream: event.stream, revision: event.revision, type: event.type, id: event.id };
    const name = nameEvent(named).replace(/^t/, 'T');
    if (!rebuild.addEvent({ ...event, position })) note({ kind: 'inserted', message: `${name} stands in line ${number}, and there is one at its position already.`, event: named });
    // The earliest is told: whoever moved one line moved all between against it.
    else if (position < newest && position < (displaced?.position ?? Number.POSITIVE_INFINITY)) {
      displaced = { position, problem: { kind: 'reordered', message: `${name} stands in line ${number}, behind one at position ${newest}.`, event: named } };
    }
    newest = Math.max(newest, position);
  };

  return {
    take: (placed: PlacedLine): void => {
      const { number, line } = placed;
      if (end !== undefined) return file(`Line ${number} stands behind the end of the export.`);
      switch (line.kind) {
        case 'header':
          if (number === 1) header = line.header;
          else file(`Line ${number} begins another export.`);
          return;
        case 'group':
          if (!rebuild.addGroup(line.group)) note({ kind: 'inserted', message: `Line ${number} holds the group of positions ${line.group.first} to ${line.group.last}, and there is one already.`, positions: [line.group.first, line.group.last] });
          return;
        case 'event':
          return takeEvent(placed);
        case 'removed':
          removed.push(line.removed);
          return;
        case 'end':
          end = line.end;
          isWhole = placed.isWhole === true;
          return;
        case 'unreadable':
          return file(`Line ${number} is none of an export.`);
      }
    },
    finish: () => {
      rebuild.finish(removalOf(removed));
      if (displaced !== undefined) note(displaced.problem);
      if (end === undefined) file('The export has no end: it was cut off, or its making was interrupted.');
      else if (!isWhole) file('The export is not the bytes that were written: its checksum does not fit.');
      return { header, end, problems };
    },
  };
}

/** As the rebuilding of a log takes it. */
export function removalOf(removed: readonly ExportRemoval[]): ArchivedRemoval {
  return {
    categories: removed.flatMap((one) => ('category' in one ? [one] : [])),
    streams: removed.flatMap((one) => ('stream' in one ? [one] : [])),
  };
}
