/** Filters of reads and subscriptions: by stream name or event type, each by prefixes or by a regular expression. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { EventFilter, RecordedEvent } from '../event-store/port.ts';
import { invalidRequest } from './call-error.ts';
import { maxNameLength, maxPrefixes } from './limits.ts';
import { compilePattern, type Pattern } from './pattern.ts';

export interface ReadFilter {
  /** What the store itself can leave out. */
  readonly atStore: EventFilter | undefined;
  /** What is left out of that. */
  passes(event: RecordedEvent): boolean;
  /** Whether `passes` has something to say. */
  readonly isExact: boolean;
  /** A subscription says how far it has come after so many events looked at, at the latest. */
  readonly checkpointEvery: number;
}

const defaultWindow = 32;

type Options = streams.ReadReq.Options.FilterOptions;

/** Reads the filter. Throws CallError where it says nothing, or what can't be done. */
export function readFilter(options: Options): ReadFilter {
  const checkpointEvery = Math.max(1, options.hasMax() ? options.getMax() : defaultWindow) * Math.max(1, options.getCheckpointintervalmultiplier());
  const isByStream = options.hasStreamIdentifier();
  const expression = isByStream ? options.getStreamIdentifier() : options.getEventType();
  const source = expression?.getRegex() ?? '';
  const prefixes = expression?.getPrefixList() ?? [];
  const atStore = (names: readonly string[]): EventFilter => (isByStream ? { streamPrefixes: names } : { typePrefixes: names });
  if (source === '') {
    checkPrefixes(prefixes);
    return { atStore: atStore(prefixes), passes: () => true, isExact: true, checkpointEvery };
  }
  const pattern: Pattern = compilePattern(source);
  return {
    atStore: pattern.prefix === '' ? undefined : atStore([pattern.prefix]),
    passes: ({ stream, type }) => pattern.isFoundIn(isByStream ? stream : type),
    isExact: false,
    checkpointEvery,
  };
}

function checkPrefixes(prefixes: readonly string[]): void {
  if (prefixes.length === 0) throw invalidRequest('The filter names neither a prefix nor a regular expression.');
  if (prefixes.length > maxPrefixes) throw invalidRequest(`The filter has more than ${maxPrefixes} prefixes.`);
  if (prefixes.some((prefix) => prefix.length > maxNameLength)) throw invalidRequest(`A prefix of the filter has more than ${maxNameLength} characters.`);
}
