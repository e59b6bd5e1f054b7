/** What of expiring categories stays, said to a store that removes by itself; the embedded one is told what to remove (application/retention.ts). */
import type { Logger } from 'pino';
import { shardCount } from '../application/poll-recorder.ts';
import type { StoredSettings } from '../application/settings.ts';
import type { Settings } from '../domain/events.ts';
import { createStreamBoundsStore, type StreamBounds } from '../event-store/stream-bounds-store.ts';
import type { OpenedEventStore } from '../event-store/open.ts';
import type { EventStore } from '../event-store/port.ts';

export interface ExpiringStore {
  /** The store to record in. */
  readonly store: EventStore;
  /** The settings say something else now. */
  settingsChanged(): void;
}

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;
/** Polls outlive their retention by this, so that the hourly summary always comes before they go. */
const pollsGraceSeconds = 2 * hourSeconds;

/** `settings` is asked only once something is recorded. */
export function createExpiringStore(opened: OpenedEventStore, settings: () => StoredSettings, logger: Logger): ExpiringStore {
  if (opened.maintenance !== undefined) return { store: opened, settingsChanged: () => undefined };
  const store = createStreamBoundsStore(opened, {
    boundsOf: (category) => streamBoundsOf(category, settings().current()),
    onUntold: (stream, error) => logger.warn({ err: error, stream }, 'the event store could not be told what of a stream stays'),
  });
  return { store, settingsChanged: () => store.retell() };
}

/**
 * What of each stream of a category stays; undefined for one that stays for ever. A server bounds each stream for itself, so the number of polls is
 * shared out among theirs, and that of snapshots bounds each environment. It knows no bound on bytes.
 */
function streamBoundsOf(category: string, settings: Settings): StreamBounds | undefined {
  const bounds = (ageSeconds: number, count: number): StreamBounds => ({ maxAge: ageSeconds === 0 ? undefined : ageSeconds, maxCount: count === 0 ? undefined : count });
  switch (category) {
    case 'polls': {
      const { pollRetentionHours: hours, pollRetentionCount } = settings;
      return bounds(hours === 0 ? 0 : hours * hourSeconds + pollsGraceSeconds, Math.ceil(pollRetentionCount / shardCount));
    }
    case 'activity':
      return bounds(settings.activityRetentionDays * daySeconds, settings.activityRetentionCount);
    case 'refusals':
      return bounds(settings.refusalRetentionDays * daySeconds, settings.refusalRetentionCount);
    case 'snapshots':
      return bounds(settings.snapshotRetentionDays * daySeconds, settings.snapshotRetentionCount);
    default:
      return undefined;
  }
}
