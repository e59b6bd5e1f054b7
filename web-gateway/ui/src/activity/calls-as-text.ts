/** Calls as the text of a file: for a spreadsheet, or line by line. */
import type { Call } from '../api/answer.ts';

const COLUMNS = ['startedAt', 'endedAt', 'environmentId', 'environmentName', 'node', 'actor', 'method', 'path', 'status', 'failure', 'durationMs', 'bytesSent', 'bytesReceived'] as const satisfies readonly (keyof Call)[];

/**
 * What a spreadsheet would take for a formula, where a cell begins; in some countries it splits at semicolons, quotes within a line notwithstanding, so
 * a cell may begin within ours. Full-width signs count as the narrow ones.
 */
const FORMULAS = /(?<=^|[;\t\r\n])(?=["\s]*[=+\-@＝＋－＠])|^(?=[\t\r\n])/g;

/** RFC 4180, with a head. An apostrophe stands before what a spreadsheet would take for a formula. */
export function callsAsCsv(calls: readonly Call[]): string {
  const head = [...COLUMNS, 'streamKind', 'streamEnd', 'id'];
  const rows = calls.map((call) => [...COLUMNS.map((column) => call[column]), call.stream?.kind ?? null, call.stream?.endReason ?? null, call.id]);
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = value.replace(FORMULAS, "'");
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A JSON object a line, as REST has them. */
export function callsAsLines(calls: readonly Call[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('');
}
