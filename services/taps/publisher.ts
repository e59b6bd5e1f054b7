/**
 * Publishes in order and exactly once: each message names the sequence that must be the stream's last, so that after a gap nothing is
 * stored any more, and only every so many ask for an acknowledgement, which then speaks for all before it.
 */
import { headers, type NatsConnection } from 'nats';
import type { TapMessage } from './cloud-event.ts';

/** So many messages go out for one acknowledgement. */
const messagesPerAcknowledgement = 256;
/** So many acknowledgements may be outstanding. */
const outstandingAcknowledgements = 4;
const acknowledgeMs = 10_000;

/** The stream is not where it was believed to be: another tap published, or something in between was lost. */
export class OutOfStep extends Error {
  override readonly name = 'OutOfStep';
}

/** Publishes after one place of the stream. */
export interface Publisher {
  /** Publishes after everything before. Resolves once there is room for more. Throws {@link OutOfStep} and the connection's errors. */
  publish(messages: readonly TapMessage[]): Promise<void>;
  /** Waits until all is acknowledged. Throws as publish does. */
  settle(): Promise<void>;
}

/** Publishes after the message with `lastSequence`; `onStored` is told how many more are stored, and the newest of them. */
export function createPublisher(nats: NatsConnection, lastSequence: number, onStored: (messages: number, newest: { readonly sequence: number; readonly position: string }) => void): Publisher {
  let sequence = lastSequence;
  let acknowledged = lastSequence;
  const outstanding: Promise<void>[] = [];

  function send(message: TapMessage, isLast: boolean): void {
    const header = headers();
    header.set('Nats-Msg-Id', message.id);
    header.set('Nats-Expected-Last-Sequence', String(sequence));
    sequence += 1;
    if (isLast) expect(nats.request(message.subject, message.body, { headers: header, timeout: acknowledgeMs }), sequence, message.position);
    else nats.publish(message.subject, message.body, { headers: header });
  }

  function expect(answer: Promise<{ string(): string }>, wanted: number, position: string): void {
    const settled = answer.then((reply) => {
      const { seq, error } = JSON.parse(reply.string()) as { readonly seq?: number; readonly error?: { readonly description?: string } };
      if (seq !== wanted) throw new OutOfStep(error?.description ?? `message ${wanted} is ${seq}`);
      const messages = wanted - acknowledged;
      acknowledged = wanted;
      onStored(messages, { sequence: wanted, position });
    });
    settled.catch(() => undefined);
    outstanding.push(settled);
  }

  return {
    async publish(messages) {
      for (let start = 0; start < messages.length; start += messagesPerAcknowledgement) {
        const some = messages.slice(start, start + messagesPerAcknowledgement);
        for (const [index, message] of some.entries()) send(message, index === some.length - 1);
        while (outstanding.length >= outstandingAcknowledgements) await outstanding.shift();
      }
    },
    async settle() {
      while (outstanding.length > 0) await outstanding.shift();
    },
  };
}
