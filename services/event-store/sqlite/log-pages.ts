/** Pages of the log, wherever the SQL runs: in this thread, or in one that is asked. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MetadataResult } from '../port.ts';
import type { AllPageQuery, EventPage, LogReader, StreamPage, StreamPageQuery } from './log-reader.ts';

export interface LogPages {
  allPage(query: AllPageQuery): Promise<EventPage>;
  streamPage(query: StreamPageQuery): Promise<StreamPage>;
  streamMetadata(stream: string): Promise<MetadataResult>;
  /** 0 where there was none. */
  positionBefore(instantMs: number): Promise<number>;
  /** Whether asking for the next page before this one is used gains time. */
  readonly isElsewhere: boolean;
}

/** Pages read by the calling thread itself, which must be one made for SQL. */
export function localPages(reader: LogReader): LogPages {
  return {
    allPage: (query) => inTurn(() => reader.allPage(query)),
    streamPage: (query) => inTurn(() => reader.streamPage(query)),
    streamMetadata: async (stream) => reader.streamMetadata(stream),
    positionBefore: async (instantMs) => reader.positionBefore(instantMs),
    isElsewhere: false,
  };
}

/** Between the pages of a long read the thread's own messages and timers have their turn. */
async function inTurn<Page extends EventPage>(read: () => Page): Promise<Page> {
  const page = read();
  if (page.next !== undefined) await nextTurn();
  return page;
}
