/** How long events of expiring categories stay, said to a store that removes by itself; the embedded one is told what to remove. */
import type { Logger } from 'pino';
import type { StoredSettings } from '../application/settings.ts';
import type { ExpiryRequest } from '../event-store/log-maintenance.ts';
import { createMaxAgeStore } from '../event-store/max-age-store.ts';
import type { OpenedEventStore } from '../event-store/open.ts';
import type { EventStore } from '../event-store/port.ts';

export interface ExpiringStore {
  /** The store to record in. */
  readonly store: EventStore;
  /** Removes what has expired of a category, and answers how many events went; undefined where the store does so by itself. */
  expiryOf(category: string): ((bounds: Omit<ExpiryRequest, 'category'>) => Promise<number>) | undefined;
  /** The settings say something else now. */
  settingsChanged(): void;
}

/** Polls outlive their retention by this, so that the hourly summary always comes before they go. */
const pollsGraceSeconds = 2 * 3600;

/** `settings` is asked only once something is recorded. */
export function createExpiringStore(opened: OpenedEventStore, settings: () => StoredSettings, logger: Logger): ExpiringStore {
  const { maintenance } = opened;
  if (maintenance !== undefined) {
    return {
      store: opened,
      expiryOf: (category) => async (bounds) => (await maintenance.expire({ category, ...bounds })).events,
      settingsChanged: () => undefined,
    };
  }
  const store = createMaxAgeStore(opened, {
    maxAgeSeconds(category) {
      const { pollRetentionHours, snapshotRetentionDays } = settings().current();
      if (category === 'polls') return pollRetentionHours * 3600 + pollsGraceSeconds;
      return category === 'snapshots' ? snapshotRetentionDays * 86_400 : undefined;
    },
    onUntold: (stream, error) => logger.warn({ err: error, stream }, 'the event store could not be told how long a stream stays'),
  });
  return { store, expiryOf: () => undefined, settingsChanged: () => store.retell() };
}
