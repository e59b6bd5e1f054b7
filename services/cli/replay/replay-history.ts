/** Reads what a replay needs from a history and folds it, in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Replay } from '../../../projections/replay.ts';
import { misuse } from '../cli-error.ts';
import type { HistorySource } from '../history-source.ts';
import type { Event, EventFilter } from '../rest/events.ts';
import { pollsKeptSince, pollsNeededFrom } from './reading-plan.ts';

/** What an environment and its tunnels are made of, but for polls and their summaries. */
const decisions = ['environment', 'tunnel', 'refusals'];

export interface ReplayOptions {
  readonly asOf: string;
  /** How much of the time that is replayed has been, from 0 to 1, and how many events that were. */
  readonly onProgress: (share: number, events: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Replays a history and lends what came of it; `pollsSince` is for its environments. Throws CliError (a misuse where the instant lies in the
 * future), the signal's reason, and as `use` does.
 */
export async function withReplay<Result>(source: Pick<HistorySource, 'read'>, options: ReplayOptions, use: (replay: Replay, pollsSince: string | undefined) => Result): Promise<Result> {
  const { asOf, onProgress, signal } = options;
  await checkIsPast(source, asOf, signal);
  // Other commands start faster without it.
  const { createReplay } = await import('../../../projections/replay.ts');
  const folder = mkdtempSync(path.join(tmpdir(), 'homeport-replay-'));
  try {
    const replay = createReplay(folder, asOf);
    try {
      const pollsSince = await pollsKeptSince(source, signal);
      const from = await pollsNeededFrom(source, asOf, signal);
      let startMs: number | undefined;
      const take = (events: readonly Event[]): boolean => {
        const isMore = replay.take(events);
        const nowMs = Date.parse(events.at(-1)?.recordedAt ?? asOf);
        startMs ??= Date.parse(events[0]?.recordedAt ?? asOf);
        onProgress(Math.min(1, (nowMs - startMs) / Math.max(1, Date.parse(asOf) - startMs)), replay.count);
        return isMore;
      };
      const read = async (filter: EventFilter): Promise<void> => {
        for await (const page of source.read(filter, { order: 'asc', signal })) if (!take(page)) return;
      };
      if (from !== undefined) await read({ categories: decisions, to: from });
      // Everything: the first event of any kind that was recorded after the instant ends it.
      await read(from === undefined ? {} : { from });
      signal.throwIfAborted();
      return use(replay, pollsSince);
    } finally {
      replay.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}


/** What will be nobody can replay. Past is what this machine's clock says, or else the record itself: it has been told of by a server whose clock may be ahead. */
async function checkIsPast(source: Pick<HistorySource, 'read'>, asOf: string, signal: AbortSignal): Promise<void> {
  const now = new Date().toISOString();
  if (Date.parse(asOf) <= Date.parse(now)) return;
  for await (const [last] of source.read({}, { order: 'desc', limit: 1, signal })) {
    if (last !== undefined && Date.parse(last.recordedAt) >= Date.parse(asOf)) return;
    break;
  }
  throw misuse(`--as-of ${asOf} lies in the future: here it is ${now}. Give an instant up to now; for what is now there is env list`);
}
