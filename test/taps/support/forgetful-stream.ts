/** The taps' stream as it is an hour later: nats-server remembers the ids of messages for a tenth of a second, so that they prevent no repeat. */
import { nanos, RetentionPolicy, StorageType } from 'nats';
import type { NatsServer } from './nats-server.ts';

/** Makes the stream, as the taps would. */
export async function ensureForgetfulStream(server: NatsServer): Promise<void> {
  const nats = await server.connect();
  const manager = await nats.jetstreamManager();
  await manager.streams.add({ name: 'HOMEPORT_EVENTS', subjects: ['homeport.events.>'], storage: StorageType.File, retention: RetentionPolicy.Limits, duplicate_window: nanos(100) });
  await nats.close();
}
