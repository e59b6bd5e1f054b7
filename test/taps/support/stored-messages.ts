/** Reads what the stream holds, as a consumer would. */
import type { NatsConnection } from 'nats';

/** A message of the stream. */
export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly id: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** All messages from the first on, in the stream's order. */
export async function storedMessages(nats: NatsConnection): Promise<readonly StoredMessage[]> {
  const manager = await nats.jetstreamManager();
  const { state } = await manager.streams.info('HOMEPORT_EVENTS');
  const messages: StoredMessage[] = [];
  if (state.messages === 0) return messages;
  const consumer = await nats.jetstream().consumers.get('HOMEPORT_EVENTS');
  for await (const message of await consumer.consume({ max_messages: 1000 })) {
    messages.push({ sequence: message.seq, subject: message.subject, id: message.headers?.get('Nats-Msg-Id') ?? '', event: message.json() });
    if (message.seq >= state.last_seq) break;
  }
  return messages;
}
