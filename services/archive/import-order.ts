/** In which order events go into a store in which all streams begin anew. */
import type { ExportedEvent } from './export-format.ts';

/**
 * stream: in the order of the log. metadata: the newest of each stream, at the end, so that nothing is hidden before it was compared.
 * tombstone: last of all. system: the other server's own business, left out.
 */
export type ImportPart = 'stream' | 'metadata' | 'tombstone' | 'system';

export function partOf({ stream, type }: Pick<ExportedEvent, 'stream' | 'type'>): ImportPart {
  if (/^\$\$[^$]/.test(stream)) return type === '$metadata' ? 'metadata' : 'system';
  if (stream.startsWith('$')) return 'system';
  return type === '$streamDeleted' ? 'tombstone' : 'stream';
}

/** Events of one stream that come one after the other, as one append takes them. */
export interface EventRun {
  readonly stream: string;
  /** Of the first, in its new stream. */
  readonly firstRevision: number;
  readonly createdAtMs: number;
  readonly events: readonly ExportedEvent[];
}

/** An append of so many events is quick, and one of so many characters is taken by every store. */
const runEvents = 500;
const runCharacters = 300_000;

/** Collects runs: a run ends where another stream, or another time of recording, begins. */
export function createRuns(): { add(event: ExportedEvent, revision: number): EventRun | undefined; rest(): EventRun | undefined } {
  let events: ExportedEvent[] = [];
  let firstRevision = 0;
  let characters = 0;
  const rest = (): EventRun | undefined => {
    const [first] = events;
    if (first === undefined) return undefined;
    const run = { stream: first.stream, firstRevision, createdAtMs: first.createdAtMs, events };
    events = [];
    characters = 0;
    return run;
  };
  return {
    add: (event, revision) => {
      const [first] = events;
      const size = event.data.length + event.metadata.length;
      const fits = first !== undefined && first.stream === event.stream && first.createdAtMs === event.createdAtMs && events.length < runEvents && characters + size < runCharacters;
      const full = fits ? undefined : rest();
      if (events.length === 0) firstRevision = revision;
      events.push(event);
      characters += size;
      return full;
    },
    rest,
  };
}
