/** Calls as a file: gathered page by page as they are filtered, up to a bound. */
import type { LogPage } from '../parts/newest-first.ts';
import type { Call } from './activity-call.ts';

/** More than this is for `homeport events export`. */
export const MOST_EXPORTED = 100_000;
const PAGE = 1000;

/** What came of gathering. */
export interface Gathered {
  readonly calls: readonly Call[];
  /** Whether the bound left some out. */
  readonly isCut: boolean;
}

type Page = (paged: { readonly limit: number; readonly cursor?: string }, signal: AbortSignal) => Promise<LogPage<Call>>;

/** Throws what `page` throws, and when `signal` aborts. */
export async function gatherCalls(page: Page, onProgress: (count: number) => void, signal: AbortSignal): Promise<Gathered> {
  const calls = new Map<string, Call>();
  for (let cursor: string | undefined; ; ) {
    const { items, nextCursor } = await page({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal);
    signal.throwIfAborted();
    // One that ended meanwhile is not there twice.
    for (const call of items) if (!calls.has(call.id)) calls.set(call.id, call);
    onProgress(calls.size);
    if (nextCursor === null || calls.size >= MOST_EXPORTED) return { calls: [...calls.values()].slice(0, MOST_EXPORTED), isCut: nextCursor !== null };
    cursor = nextCursor;
  }
}

const COLUMNS = ['startedAt', 'endedAt', 'environmentId', 'environmentName', 'node', 'actor', 'method', 'path', 'status', 'failure', 'durationMs', 'bytesSent', 'bytesReceived'] as const satisfies readonly (keyof Call)[];

/** RFC 4180, with a head. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function callsAsCsv(calls: readonly Call[]): string {
  const head = [...COLUMNS, 'streamKind', 'streamEnd', 'id'];
  const rows = calls.map((call) => [...COLUMNS.map((column) => call[column]), call.stream?.kind ?? null, call.stream?.endReason ?? null, call.id]);
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A JSON object a line, as REST has them. */
export function callsAsLines(calls: readonly Call[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('');
}
