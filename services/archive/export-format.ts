/**
 * The lines of an export, one JSON object each, in the order of the log:
 *
 *     {"homeport":"events","format":1,…}     first: what it is
 *     {"group":{…}}                          what proves the events after it, where the store keeps a chain
 *     {"id":…,"stream":…,"position":…,…}     an event
 *     {"removed":{…}}                        how far a category or a stream has expired
 *     {"end":{…}}                            last: how much there was, and SHA-256 over the bytes of all lines before
 *
 * `data` and `metadata` of an event are JSON as they were recorded; where JSON.stringify would write the same value otherwise (blanks, or no JSON at
 * all), `dataText` and `metadataText` hold the text instead, so that every byte of it comes back.
 */
import type { ArchivedGroup } from '../event-store/log-archive.ts';
import type { ExportFilter } from './export-filter.ts';

/** The newest format that this release reads, and the one it writes. */
export const exportFormat = 1;

export interface ExportHeader {
  readonly format: number;
  /** When it was made, RFC 3339. */
  readonly at: string;
  /** In which kind of store it was recorded. */
  readonly store: 'sqlite' | 'eventstoredb';
  /** The newest position when it was made; null in an empty store. */
  readonly head: string | null;
  /** What was asked for; null where it is all there is. */
  readonly filter: ExportFilter | null;
}

/** An event, wherever it was recorded. */
export interface ExportedEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly data: string;
  readonly metadata: string;
}

export type ExportRemoval = { readonly category: string; readonly before: number } | { readonly stream: string; readonly through: number };

export interface ExportEnd {
  readonly events: number;
  readonly groups: number;
  readonly sha256: string;
}

export type ExportLine =
  | { readonly kind: 'header'; readonly header: ExportHeader }
  | { readonly kind: 'group'; readonly group: ArchivedGroup }
  | { readonly kind: 'event'; readonly event: ExportedEvent }
  | { readonly kind: 'removed'; readonly removed: ExportRemoval }
  | { readonly kind: 'end'; readonly end: ExportEnd }
  /** No such line. */
  | { readonly kind: 'unreadable' };

export function headerLine(header: ExportHeader): string {
  return `${JSON.stringify({ homeport: 'events', ...header })}\n`;
}

export function groupLine({ leaves, ...group }: ArchivedGroup): string {
  return `${JSON.stringify({ group: leaves.size === 0 ? group : { ...group, leaves: Object.fromEntries(leaves) } })}\n`;
}

export function eventLine({ id, stream, revision, position, type, createdAtMs, data, metadata }: ExportedEvent): string {
  const place = `{"id":${JSON.stringify(id)},"stream":${JSON.stringify(stream)},"revision":${revision},"position":${JSON.stringify(position)}`;
  return `${place},"type":${JSON.stringify(type)},"createdAtMs":${createdAtMs},${textField('data', data)},${textField('metadata', metadata)}}\n`;
}

export function removedLine(removed: ExportRemoval): string {
  return `${JSON.stringify({ removed })}\n`;
}

export function endLine(end: ExportEnd): string {
  return `${JSON.stringify({ end })}\n`;
}

/** Reads a line, without its line end. */
export function parseExportLine(line: string): ExportLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'unreadable' };
  }
  if (!isRecord(value)) return { kind: 'unreadable' };
  if ('id' in value) return readEvent(value);
  if (isRecord(value['group'])) return readGroup(value['group']);
  if (isRecord(value['removed'])) return readRemoved(value['removed']);
  if (isRecord(value['end'])) return readEnd(value['end']);
  return value['homeport'] === 'events' ? readHeader(value) : { kind: 'unreadable' };
}

function readHeader({ format, at, store, head, filter }: Fields): ExportLine {
  if (typeof format !== 'number' || typeof at !== 'string' || (store !== 'sqlite' && store !== 'eventstoredb')) return { kind: 'unreadable' };
  if (!(head === null || typeof head === 'string') || !(filter === null || isRecord(filter))) return { kind: 'unreadable' };
  return { kind: 'header', header: { format, at, store, head, filter } };
}

function readGroup({ first, last, category, createdAtMs, bytesSoFar, root, chain, checks, leaves = {} }: Fields): ExportLine {
  const isWhole = isNumber(first) && isNumber(last) && isNumber(createdAtMs) && isNumber(bytesSoFar);
  if (!isWhole || typeof category !== 'string' || !isHash(root) || !isHash(chain) || typeof checks !== 'string' || !isRecord(leaves)) return { kind: 'unreadable' };
  const known = new Map<number, string>();
  for (const [position, leaf] of Object.entries(leaves)) {
    if (!isHash(leaf)) return { kind: 'unreadable' };
    known.set(Number(position), leaf);
  }
  return { kind: 'group', group: { first, last, category, createdAtMs, bytesSoFar, root, chain, checks, leaves: known } };
}

function readEvent(value: Fields): ExportLine {
  const { id, stream, revision, position, type, createdAtMs } = value;
  const data = textOf(value, 'data');
  const metadata = textOf(value, 'metadata');
  if (typeof id !== 'string' || typeof stream !== 'string' || typeof position !== 'string' || typeof type !== 'string') return { kind: 'unreadable' };
  if (!isNumber(revision) || !isNumber(createdAtMs) || data === undefined || metadata === undefined) return { kind: 'unreadable' };
  return { kind: 'event', event: { id, stream, revision, position, type, createdAtMs, data, metadata } };
}

function readRemoved({ category, before, stream, through }: Fields): ExportLine {
  if (typeof category === 'string' && isNumber(before)) return { kind: 'removed', removed: { category, before } };
  return typeof stream === 'string' && isNumber(through) ? { kind: 'removed', removed: { stream, through } } : { kind: 'unreadable' };
}

function readEnd({ events, groups, sha256 }: Fields): ExportLine {
  return isNumber(events) && isNumber(groups) && typeof sha256 === 'string' ? { kind: 'end', end: { events, groups, sha256 } } : { kind: 'unreadable' };
}

type Fields = Readonly<Record<string, unknown>>;

/** The value where it says all that the text did, else the text. */
function textField(name: 'data' | 'metadata', text: string): string {
  try {
    if (JSON.stringify(JSON.parse(text)) === text) return `"${name}":${text}`;
  } catch {
    // No JSON.
  }
  return `"${name}Text":${JSON.stringify(text)}`;
}

function textOf(value: Fields, name: 'data' | 'metadata'): string | undefined {
  const text = value[`${name}Text`];
  if (typeof text === 'string') return text;
  return name in value ? JSON.stringify(value[name]) : undefined;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Also below zero: whoever altered a log may have put anything there. */
function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
