/** How lists and single things are printed: as a table, a wider table, JSON, or names or ids alone. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { flag } from './flags.ts';

export interface OutputFlags {
  readonly output: 'table' | 'wide' | 'json' | 'name';
  readonly json?: true;
  readonly quiet?: true;
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null | undefined;
  /** Shown by `-o wide` alone. */
  readonly isWide?: boolean;
  /** At least so many characters wide, where parts of a table are printed apart. */
  readonly width?: number;
}

/** How one kind of thing is printed. */
export interface Layout<Row> {
  readonly columns: readonly Column<Row>[];
  /** What `-o name` prints. */
  readonly name: (row: Row) => string;
  /** What `-q` prints. */
  readonly id: (row: Row) => string;
}

/** Adds `-o`, `--json` and `-q`. */
export function withOutputFlags(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['table', 'wide', 'json', 'name']).default('table').env('HOMEPORT_OUTPUT'))
    .addOption(flag('--json', 'the same as -o json'))
    .addOption(flag('-q, --quiet', 'print ids alone'));
}

/** Whether JSON was asked for. */
export function isJson(flags: OutputFlags): boolean {
  return flags.json === true || flags.output === 'json';
}

/** The text for a list; JSON is one array. Ends with a line end. A table goes on under an earlier part's titles where it has none. */
export function renderList<Row>(rows: readonly Row[], layout: Layout<Row>, flags: OutputFlags, { hasTitles }: { readonly hasTitles: boolean } = { hasTitles: true }): string {
  if (flags.quiet === true) return lines(rows.map((row) => printable(layout.id(row))));
  if (isJson(flags)) return `${JSON.stringify(rows, undefined, 2)}\n`;
  if (flags.output === 'name') return lines(rows.map((row) => printable(layout.name(row))));
  const columns = layout.columns.filter((column) => flags.output === 'wide' || column.isWide !== true);
  return renderTable(rows, columns, hasTitles);
}

/** The text for one thing: `label  value` lines, or JSON. */
export function renderOne<Row>(row: Row, layout: Layout<Row>, flags: OutputFlags): string {
  if (flags.quiet === true) return lines([printable(layout.id(row))]);
  if (isJson(flags)) return `${JSON.stringify(row, undefined, 2)}\n`;
  if (flags.output === 'name') return lines([printable(layout.name(row))]);
  const width = Math.max(...layout.columns.map(({ title }) => title.length));
  return lines(layout.columns.map(({ title, of }) => `${title.padEnd(width)}  ${cell(of(row))}`));
}

function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], hasTitles: boolean): string {
  const titles = hasTitles ? [columns.map(({ title }) => title)] : [];
  const table = [...titles, ...rows.map((row) => columns.map(({ of }) => cell(of(row))))];
  const widths = columns.map(({ width = 0 }, index) => Math.max(width, ...table.map((cells) => cells[index]?.length ?? 0)));
  return lines(table.map((cells) => cells.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ').trimEnd()));
}

function cell(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}

/** Agents and engines choose some of these texts: what would steer the terminal is made harmless. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
