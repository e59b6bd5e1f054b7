/** Which events a replay needs: of a large fleet's polls only those that no summary before the instant counts. */
import type { HistorySource } from '../history-source.ts';
import type { Event } from '../rest/events.ts';

/** Summaries are appended each hour, a round of them each time; one of several nodes may be late by so much, in milliseconds. */
const roundsMs = 3 * 3600_000;
/** A poll is recorded within this long of its time, in milliseconds. */
const slackMs = 600_000;

/**
 * From when on polls are needed for the state at an instant: what they told before is in the summaries since. Undefined where all are
 * needed. Each round names every agent, but one may have been cut short by a kill: so that of the round before the newest is taken.
 * Throws CliError, or the signal's reason.
 */
export async function pollsNeededFrom(source: Pick<HistorySource, 'read'>, asOf: string, signal: AbortSignal): Promise<string | undefined> {
  /** By stream: when the round before its newest ended. */
  const rounds = new Map<string, { readonly newest: string; before: string | undefined }>();
  let newestMs: number | undefined;
  search: for await (const page of source.read({ categories: ['retention'], types: ['PollsSummarised'], to: justAfter(asOf) }, { order: 'desc', signal })) {
    for (const { stream, data } of page) {
      const to = String(data.to);
      newestMs ??= Date.parse(to);
      const round = rounds.get(stream);
      if (round === undefined) rounds.set(stream, { newest: to, before: undefined });
      else if (to < round.newest) round.before ??= to;
      if (Date.parse(to) < newestMs - roundsMs && [...rounds.values()].every(({ before }) => before !== undefined)) break search;
    }
  }
  const befores = [...rounds.values()].map(({ before }) => before);
  if (befores.length === 0 || befores.includes(undefined)) return undefined;
  const first = Math.min(...befores.map((before) => Date.parse(before ?? '')));
  return new Date(first - slackMs).toISOString();
}

/** Since when all polls are still in the record; undefined where none is gone. Throws as {@link pollsNeededFrom} does. */
export async function pollsKeptSince(source: Pick<HistorySource, 'read'>, signal: AbortSignal): Promise<string | undefined> {
  const said = await first(source.read({ categories: ['retention'], types: ['PollsExpired'] }, { order: 'desc', limit: 1, signal }));
  const remaining = await first(source.read({ categories: ['polls'] }, { order: 'asc', limit: 1000, signal }));
  // An EventStoreDB does not say what went, but a stream that has lost its head begins later than at 0.
  const heads = new Map<string, Event>();
  for (const event of remaining) if (!heads.has(event.stream)) heads.set(event.stream, event);
  const isHeadless = [...heads.values()].some(({ revision }) => revision > 0);
  const instants = [said[0] === undefined ? [] : [String(said[0].data.before)], isHeadless ? remaining.slice(0, 1).map(({ recordedAt }) => recordedAt) : []].flat();
  return instants.sort().at(-1);
}

/** The first instant that is later. */
function justAfter(instant: string): string {
  return new Date(Date.parse(instant) + 1).toISOString();
}

async function first(pages: AsyncIterable<readonly Event[]>): Promise<readonly Event[]> {
  for await (const page of pages) return page;
  return [];
}
