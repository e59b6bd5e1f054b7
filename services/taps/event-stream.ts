/** The JetStream stream the taps fill: made where there is none, and asked how far it has come. */
import { ErrorCode, type JetStreamManager, NatsError, RetentionPolicy, StorageType } from 'nats';
import { positionIn, subjectPrefix } from './cloud-event.ts';
import { TapError } from './tap-error.ts';

/** The stream's name. */
export const streamName = 'HOMEPORT_EVENTS';

/** How far the stream has come. */
export interface StreamPlace {
  /** The sequence of its last message; 0 where it never had one. */
  readonly lastSequence: number;
  /** The position in the log of the event that its last message is; undefined where it has none any more. */
  readonly position: string | undefined;
}

/** As text, which is what errors carry. */
const noMessages: string = ErrorCode.JetStream404NoMessages;

/**
 * Makes the stream where there is none: on file, without limits, which operators may set. One that is there is taken as it is.
 * Throws {@link TapError} where it does not take our subjects, or where the account has no JetStream.
 */
export async function ensureEventStream(manager: JetStreamManager): Promise<void> {
  try {
    const { config } = await manager.streams.info(streamName);
    if (!config.subjects.some((subject) => subject === '>' || subject === 'homeport.>' || subject === `${subjectPrefix}.>`)) {
      throw new TapError('nats-stream-unsuitable', `the stream ${streamName} does not take the subjects ${subjectPrefix}.>; add them, or delete it and it is made anew`);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await manager.streams.add({
      name: streamName,
      description: 'Every event of Homeport, once and in the order of its log',
      subjects: [`${subjectPrefix}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
    });
  }
}

/** Asks how far it has come. Throws as the connection does. */
export async function placeOf(manager: JetStreamManager): Promise<StreamPlace> {
  const { state } = await manager.streams.info(streamName);
  if (state.last_seq === 0) return { lastSequence: 0, position: undefined };
  try {
    const last = await manager.streams.getMessage(streamName, { seq: state.last_seq });
    return { lastSequence: state.last_seq, position: positionIn(last.string()) };
  } catch (error) {
    // Purged, expired, or deleted by hand.
    if (isNotFound(error)) return { lastSequence: state.last_seq, position: undefined };
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof NatsError && (error.api_error?.code === 404 || error.code === noMessages);
}
