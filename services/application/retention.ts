/** Lets go of polls, activity, refusals and snapshots that were kept for long enough, and records what went. Decisions stay for ever. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DomainEvent, ExpiryLimit, RetentionEvents, Settings } from '../domain/events.ts';
import type { ExpiryRequest, KeptSize, LogMaintenance } from '../event-store/log-maintenance.ts';
import type { EventReader, RecordedEvent } from '../event-store/port.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { createInTurn } from './in-turn.ts';
import type { PollSummaries } from './poll-summaries.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { SingleWriterStream } from './single-writer-stream.ts';

/** Age is looked at, and polls are summarised, so often. */
const hourMs = 3600_000;
const dayMs = 24 * hourMs;
/** Number and size are looked at so often: what comes in between is what a bound may be exceeded by. */
const lookMs = 5000;
/** Of the bytes allowed, over this part the oldest go: the rest is for what comes meanwhile, and for the write-ahead log. */
const fullAt = 7 / 8;
/** Down to this part of the bytes, or of the number, so that removals, and summaries before them, come seldom. */
const emptiedTo = 3 / 4;

type ExpiryType = Extract<keyof RetentionEvents, `${string}Expired`>;

/** How long a category stays, by the settings; 0 is without such a limit. */
interface Limits {
  readonly ageMs: number;
  readonly count: number;
  readonly bytes: number;
}

interface ExpiringCategory {
  readonly name: string;
  readonly type: ExpiryType;
  limits(settings: Settings): Limits;
}

const categories: readonly ExpiringCategory[] = [
  { name: 'polls', type: 'PollsExpired', limits: (of) => ({ ageMs: of.pollRetentionHours * hourMs, count: of.pollRetentionCount, bytes: of.pollRetentionBytes }) },
  { name: 'activity', type: 'ActivityExpired', limits: (of) => ({ ageMs: of.activityRetentionDays * dayMs, count: of.activityRetentionCount, bytes: of.activityRetentionBytes }) },
  { name: 'refusals', type: 'RefusalsExpired', limits: (of) => ({ ageMs: of.refusalRetentionDays * dayMs, count: of.refusalRetentionCount, bytes: of.refusalRetentionBytes }) },
  { name: 'snapshots', type: 'SnapshotsExpired', limits: (of) => ({ ageMs: of.snapshotRetentionDays * dayMs, count: of.snapshotRetentionCount, bytes: of.snapshotRetentionBytes }) },
];

export interface Retention {
  /** Ends what is under way after its present part. */
  close(): Promise<void>;
}

/** Starts it for one control-plane node. `maintenance` is undefined where the store removes by itself: then polls are only summarised, and of the rest it is said when it is gone. */
export function createRetention(deps: {
  readonly maintenance: LogMaintenance | undefined;
  readonly reader: EventReader;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingsAccess;
  readonly summaries: Pick<PollSummaries, 'summarise' | 'summarisedThrough'>;
  /** The stream `retention-<cp>`. */
  readonly stream: SingleWriterStream;
  readonly actor: string;
  /** Snapshots recorded before this instant are gone. */
  readonly onSnapshotsExpired: (beforeMs: number) => void;
}): Retention {
  const { maintenance, reader, log, clock, logger, settings, summaries, stream, actor, onSnapshotsExpired } = deps;
  const inTurn = createInTurn();
  let firstRecordedMs: number | undefined;
  let isLooking = false;
  let isClosed = false;

  async function summarise(): Promise<void> {
    await summaries.summarise().catch((error: unknown) => {
      logger.warn({ err: error }, 'polls could not be summarised; none of them goes before they are');
    });
  }

  /** Removes by one limit, says so, and goes on where it can't. */
  async function letGo({ name, type }: ExpiringCategory, limit: ExpiryLimit, bounds: Omit<ExpiryRequest, 'category' | 'throughPosition'>): Promise<void> {
    try {
      const throughPosition = name === 'polls' ? summaries.summarisedThrough() : undefined;
      if (maintenance === undefined || isClosed || (name === 'polls' && throughPosition === undefined)) return;
      const { events: count } = await maintenance.expire({ category: name, ...bounds, ...(throughPosition === undefined ? {} : { throughPosition }) });
      if (count === 0) return;
      const before = await oldestKept(name);
      if (name === 'snapshots') onSnapshotsExpired(Date.parse(before));
      const event: DomainEvent = { type, data: { at: instantOf(clock), count, before, limit } };
      await stream.append(log.prepare([event], { actor, correlationId: randomUUID() }));
    } catch (error) {
      logger.warn({ err: error, category: name }, 'what has expired could not be removed, or that it was not recorded; the next look goes on');
    }
  }

  /**
   * A store that removes by itself does so unseen. So what reached its age is said to be gone, whether or not the store still has it: read
   * models let go of it by that, and come out the same whenever they are built. How many went is not known; polls have their summaries.
   */
  async function sayGone({ name, type }: ExpiringCategory, beforeMs: number): Promise<void> {
    try {
      firstRecordedMs ??= await firstRecorded();
      if (name === 'polls' || firstRecordedMs === undefined || beforeMs <= firstRecordedMs) return;
      if (name === 'snapshots') onSnapshotsExpired(beforeMs);
      const event: DomainEvent = { type, data: { at: instantOf(clock), count: 0, before: new Date(beforeMs).toISOString(), limit: 'age' } };
      await stream.append(log.prepare([event], { actor, correlationId: randomUUID() }));
    } catch (error) {
      logger.warn({ err: error, category: name }, 'it could not be recorded what has expired; the next look goes on');
    }
  }

  /** When the log began, in milliseconds since 1970; undefined while it is empty. */
  async function firstRecorded(): Promise<number | undefined> {
    for await (const [first] of reader.readAll({ limit: 1 })) if (first !== undefined) return Date.parse(recordedAt(first));
    return undefined;
  }

  /** When the oldest that is left was recorded; the present where nothing is. */
  async function oldestKept(category: string): Promise<string> {
    const now = instantOf(clock);
    for await (const [first] of reader.readAll({ filter: { streamPrefixes: [`${category}-`] }, limit: 1 })) if (first !== undefined) return recordedAt(first);
    return now;
  }

  async function byAge(): Promise<void> {
    await summarise();
    for (const category of categories) {
      const { ageMs } = category.limits(settings.current());
      if (ageMs === 0) continue;
      const recordedBeforeMs = clock.now() - ageMs;
      await (maintenance === undefined ? sayGone(category, recordedBeforeMs) : letGo(category, 'age', { recordedBeforeMs }));
    }
  }

  async function bySize(): Promise<void> {
    const sizes = await maintenance?.measure().catch((error: unknown) => {
      logger.warn({ err: error }, 'the size of what is kept could not be looked at');
    });
    for (const category of categories) {
      const { count, bytes } = category.limits(settings.current());
      const size: KeptSize = sizes?.get(category.name) ?? { events: 0, bytes: 0 };
      const isTooMany = count > 0 && size.events > count;
      const isTooLarge = bytes > 0 && size.bytes > bytes * fullAt;
      if (category.name === 'polls' && (isTooMany || isTooLarge)) await summarise();
      if (isTooMany) await letGo(category, 'count', { keepEvents: Math.ceil(count * emptiedTo) });
      if (isTooLarge) await letGo(category, 'bytes', { keepBytes: Math.floor(bytes * emptiedTo) });
    }
  }

  const stopAging = clock.every(hourMs, () => void inTurn(byAge));
  const stopLooking = clock.every(lookMs, () => {
    if (isLooking || maintenance === undefined) return;
    isLooking = true;
    void inTurn(bySize).finally(() => {
      isLooking = false;
    });
  });

  return {
    async close() {
      isClosed = true;
      stopAging();
      stopLooking();
      await inTurn(() => Promise.resolve());
    },
  };
}

/** As its metadata says; by the store's clock where it does not. */
function recordedAt({ metadata, createdAtMs }: RecordedEvent): string {
  const found: unknown = metadata === '' ? undefined : (JSON.parse(metadata) as { readonly recordedAt?: unknown }).recordedAt;
  return typeof found === 'string' ? found : new Date(createdAtMs).toISOString();
}
