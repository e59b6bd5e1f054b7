/** Reads the lines of an export, and whether they are the bytes that were written. */
import { createHash } from 'node:crypto';
import { type ExportLine, parseExportLine } from './export-format.ts';

/** A line longer than this is none of an export: an event has at most a mebibyte, twice as much as text, and 16 MiB in a KurrentDB. */
const maxLineBytes = 64 * 1024 * 1024;
const lineEnd = 10;

/** A line and where it stands. */
export interface PlacedLine {
  /** From 1. */
  readonly number: number;
  /** Bytes up to its end. */
  readonly endsAt: number;
  readonly line: ExportLine;
  /** Of the last line: whether its checksum is that of the bytes before. */
  readonly isWhole?: boolean;
}

/** Lines in pages, each page as the bytes came. A last line without a line end is a line, too. */
export async function* readExport(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly PlacedLine[], void, undefined> {
  const sum = createHash('sha256');
  let number = 0;
  let endsAt = 0;
  let rest: Buffer = Buffer.alloc(0);

  const linesOf = (whole: Buffer): PlacedLine[] => {
    const lines: PlacedLine[] = [];
    let summedTo = 0;
    for (let from = 0; from < whole.length; ) {
      const to = whole.indexOf(lineEnd, from);
      const next = to === -1 ? whole.length : to + 1;
      const line = parseExportLine(whole.toString('utf8', from, to === -1 ? whole.length : to));
      number += 1;
      endsAt += next - from;
      if (line.kind === 'end') {
        sum.update(whole.subarray(summedTo, from));
        summedTo = from;
        lines.push({ number, endsAt, line, isWhole: sum.copy().digest('hex') === line.end.sha256 });
      } else {
        lines.push({ number, endsAt, line });
      }
      from = next;
    }
    sum.update(whole.subarray(summedTo));
    return lines;
  };

  for await (const chunk of bytes) {
    const lastEnd = chunk.lastIndexOf(lineEnd);
    if (lastEnd === -1) {
      rest = Buffer.concat([rest, chunk]);
      if (rest.length > maxLineBytes) {
        yield [{ number: number + 1, endsAt: endsAt + rest.length, line: { kind: 'unreadable' } }];
        return;
      }
      continue;
    }
    yield linesOf(Buffer.concat([rest, chunk.subarray(0, lastEnd + 1)]));
    rest = Buffer.from(chunk.subarray(lastEnd + 1));
  }
  if (rest.length > 0) yield linesOf(rest);
}
