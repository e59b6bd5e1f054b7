/** What tells two records of the same streams apart: of each stream how many events, and a digest over their ids, types, data and metadata in order. */
import { hash } from 'node:crypto';
import type { ExportedEvent } from './export-format.ts';

export interface StreamDigest {
  readonly count: number;
  /** SHA-256, chained event by event. */
  readonly digest: string;
}

export type DigestedEvent = Pick<ExportedEvent, 'stream' | 'id' | 'type' | 'data' | 'metadata'>;

export interface StreamDigests {
  /** Answers the stream's digest after the event. */
  add(event: DigestedEvent): StreamDigest;
  of(stream: string): StreamDigest;
  /** In the order in which they were first seen. */
  streams(): Iterable<readonly [stream: string, digest: StreamDigest]>;
  /** All events. */
  readonly count: number;
  readonly streamCount: number;
}

const none: StreamDigest = { count: 0, digest: '' };

export function createStreamDigests(): StreamDigests {
  const digests = new Map<string, StreamDigest>();
  let count = 0;
  return {
    add: ({ stream, id, type, data, metadata }) => {
      const before = digests.get(stream) ?? none;
      // A store may write down what was not given.
      const given = metadata === '' ? '{}' : metadata;
      // Lengths first: no two events share an encoding.
      const text = `${before.digest} ${id.length} ${type.length} ${data.length} ${given.length} ${id}${type}${data}${given}`;
      const after = { count: before.count + 1, digest: hash('sha256', text, 'base64') };
      digests.set(stream, after);
      count += 1;
      return after;
    },
    of: (stream) => digests.get(stream) ?? none,
    streams: () => digests,
    get count() {
      return count;
    },
    get streamCount() {
      return digests.size;
    },
  };
}

/** The first stream of which the one holds something else than the other, in words; undefined where there is none. */
export function firstDifference(expected: StreamDigests, found: StreamDigests): string | undefined {
  for (const [stream, { count, digest }] of expected.streams()) {
    const there = found.of(stream);
    if (there.count !== count) return `${stream} has ${there.count} events instead of ${count}`;
    if (there.digest !== digest) return `${stream} holds other events`;
  }
  for (const [stream] of found.streams()) if (expected.of(stream).count === 0) return `${stream} is there, and not in the export`;
  return undefined;
}
