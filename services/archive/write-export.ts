/** Writes an export, chunk by chunk, at the pace of whoever takes it. */
import { createHash } from 'node:crypto';
import type { LogArchive, ArchivedPart } from '../event-store/log-archive.ts';
import type { EventReader } from '../event-store/port.ts';
import { type ExportFilter, isEverything, type IsExported, matcherOf } from './export-filter.ts';
import { endLine, eventLine, exportFormat, type ExportHeader, groupLine, headerLine, removedLine } from './export-format.ts';

/** Lines are handed out in chunks of about so many characters. */
const chunkCharacters = 256 * 1024;

/** What one part of a store gives: its lines, and how much they are. */
interface ExportPart {
  readonly lines: string;
  readonly events: number;
  readonly groups: number;
}

/** A store that can be exported. */
export interface ExportSource {
  readonly store: ExportHeader['store'];
  readonly head: string | null;
  parts(isExported: IsExported | undefined): AsyncIterable<ExportPart> | Iterable<ExportPart>;
}

/** The embedded store, with what proves it. */
export function archiveSource(archive: LogArchive): ExportSource {
  return {
    store: 'sqlite',
    head: archive.head === 0 ? null : String(archive.head),
    *parts(isExported) {
      for (const part of archive.groups()) yield withProof(part, archive, isExported);
      const { categories, streams } = archive.removal();
      for (const removed of categories) yield { lines: removedLine(removed), events: 0, groups: 0 };
      for (const removed of streams) yield { lines: removedLine(removed), events: 0, groups: 0 };
    },
  };
}

/** An EventStoreDB: its own streams ($…) stay, those of our streams' metadata ($$…) come along. */
export async function readerSource(reader: EventReader): Promise<ExportSource> {
  const head = await reader.headPosition();
  return {
    store: 'eventstoredb',
    head: head ?? null,
    async *parts(isExported) {
      for await (const page of reader.readAll()) {
        const events = page.filter(({ stream }) => !/^\$(?!\$[^$])/.test(stream)).filter((event) => isExported?.(event) !== false);
        yield { lines: events.map(eventLine).join(''), events: events.length, groups: 0 };
      }
    },
  };
}

/** The bytes of an export. Ends with its last line, or throws what reading the store throws. */
export async function* writeExport(source: ExportSource, options: { readonly filter: ExportFilter; readonly at: string; readonly signal?: AbortSignal }): AsyncGenerator<Buffer, void, undefined> {
  const { filter, at, signal } = options;
  const sum = createHash('sha256');
  let events = 0;
  let groups = 0;
  let held = '';
  const take = (): Buffer => {
    const chunk = Buffer.from(held);
    held = '';
    sum.update(chunk);
    return chunk;
  };
  held = headerLine({ format: exportFormat, at, store: source.store, head: source.head, filter: isEverything(filter) ? null : asked(filter) });
  for await (const part of source.parts(isEverything(filter) ? undefined : matcherOf(filter))) {
    signal?.throwIfAborted();
    held += part.lines;
    events += part.events;
    groups += part.groups;
    if (held.length >= chunkCharacters) yield take();
  }
  yield take();
  yield Buffer.from(endLine({ events, groups, sha256: sum.digest('hex') }));
}

function asked(filter: ExportFilter): ExportFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== false));
}

/** Of a group that is exported in part, each event that is left out leaves its leaf; one that is left out whole is held by the chain. */
function withProof({ group, events }: ArchivedPart, archive: LogArchive, isExported: IsExported | undefined): ExportPart {
  const exported = isExported === undefined ? events : events.filter((event) => isExported({ ...event, position: String(event.position) }));
  const lines = exported.map((event) => eventLine({ ...event, position: String(event.position) })).join('');
  const size = { events: exported.length, groups: 1 };
  if (exported.length === events.length) return { lines: groupLine(group) + lines, ...size };
  if (exported.length === 0) return { lines: groupLine({ ...group, checks: '', leaves: new Map() }), ...size };
  const taken = new Set(exported);
  const leaves = new Map([...group.leaves, ...events.filter((event) => !taken.has(event)).map((event) => [event.position, archive.leafOf(event)] as const)]);
  return { lines: groupLine({ ...group, leaves }) + lines, ...size };
}
