/** Prints a list part by part, however long it is: as one table, or as one JSON array. */
import { isJson, renderList } from './output.ts';
import type { Layout, OutputFlags } from './output.ts';

export interface ListPrinter<Row> {
  print(rows: readonly Row[]): void;
  /** Ends it; an empty table has its titles all the same. */
  end(): void;
  /** How many were printed. */
  readonly count: number;
}

/** Creates it; what is printed is the same as by {@link renderList} all at once, but for the widths of columns. */
export function createListPrinter<Row>(layout: Layout<Row>, flags: OutputFlags, write: (text: string) => void = (text) => void process.stdout.write(text)): ListPrinter<Row> {
  const isArray = isJson(flags) && flags.quiet !== true;
  let count = 0;
  return {
    print(rows) {
      if (rows.length === 0) return;
      const isFirst = count === 0;
      count += rows.length;
      if (isArray) write(`${isFirst ? '[\n' : ',\n'}${rows.map(indented).join(',\n')}`);
      else write(renderList(rows, layout, flags, { hasTitles: isFirst }));
    },
    end() {
      if (isArray) write(count === 0 ? '[]\n' : '\n]\n');
      else if (count === 0) write(renderList([], layout, flags));
    },
    get count() {
      return count;
    },
  };
}

/** An item of an array as JSON.stringify lays it out. */
function indented(row: unknown): string {
  return JSON.stringify(row, undefined, 2).replace(/^/gm, '  ');
}
