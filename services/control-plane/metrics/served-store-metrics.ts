/** Whether the store can record, and who reads it at the audit port. */
import type { EventStore } from '../../event-store/port.ts';
import type { Readings } from './readings.ts';

export interface ServedStoreParts {
  readonly eventStore: Pick<EventStore, 'unavailability'>;
  /** Undefined where the audit port is not open. */
  readonly audit: { readonly readers: () => number } | undefined;
}

export function declareServedStore(readings: Readings, { eventStore, audit }: ServedStoreParts): void {
  readings.gauge('homeport_event_store_available', '1 while events can be recorded, as far as is known, else 0.', () => Number(eventStore.unavailability() === undefined));
  readings.gauge('homeport_audit_readers', 'Reads and subscriptions under way at the audit port; no sample without --audit-port.', () => audit?.readers());
}
