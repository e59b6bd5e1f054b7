/** Which events an export holds: as history is asked for elsewhere, and with a stream its metadata. */
import { matching } from '../application/event-selection.ts';
import type { EventSelection } from '../application/ports/history.ts';
import type { ExportedEvent } from './export-format.ts';

/** What is absent is not asked for. */
export type ExportFilter = Omit<EventSelection, 'after'>;

export type IsExported = (event: ExportedEvent) => boolean;

/** Whether anything is asked for at all. */
export function isEverything(filter: ExportFilter): boolean {
  return Object.values(filter).every((value) => value === false);
}

/** The test of one event. What can't be read is exported: whoever verifies is to see it. */
export function matcherOf(filter: ExportFilter): IsExported {
  const { stream, categories, withoutPolls: _withoutPolls, ...more } = filter;
  const isOfStreams = isEverything(more);
  return (event) => {
    // Metadata of a stream is in a stream of its own.
    if (event.stream.startsWith('$')) {
      const described = event.stream.slice(2);
      const isAsked = stream === undefined ? categories?.some((category) => described === category || described.startsWith(`${category}-`)) !== false : described === stream;
      return event.stream.startsWith('$$') && isOfStreams && isAsked;
    }
    try {
      return matching(event, filter) !== undefined;
    } catch {
      return true;
    }
  };
}
