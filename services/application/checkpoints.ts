/** Signs where the log stands: at intervals, on demand and at the end; each checkpoint is an event, so that taps carry it elsewhere. */
import type { Logger } from 'pino';
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import type { ChainHead, LogChain } from '../event-store/log-chain.ts';
import type { EventReader } from '../event-store/port.ts';
import type { CheckpointSigner } from './checkpoint-signer.ts';
import { checkpointStream, type LastCheckpoint, readCheckpoints, readCheckpointsBackwards, readLastCheckpoint, toEventData } from './checkpoint-stream.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog, PreparedEvent } from './event-log.ts';
import { createInTurn } from './in-turn.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { Checkpoints } from './ports/checkpoints.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { StoredSettings } from './settings.ts';
import { createSingleWriterStream } from './single-writer-stream.ts';

/** What failed is tried again so much later, in milliseconds. */
const retryMs = 60_000;

/** The chain, and who signs it. */
export interface ChainSigning {
  readonly chain: LogChain;
  readonly signer: CheckpointSigner;
}

/** Signs checkpoints by itself, too. */
export interface RecordedCheckpoints extends Checkpoints {
  /** Signs from now on at the interval that the settings name, the first time at once where that is overdue. */
  start(): Promise<void>;
  /** Signs once more where anything was recorded since, and ends. */
  close(): Promise<void>;
}

/** Creates them. `signing` is undefined where the store has no chain. */
export function createCheckpoints(deps: {
  readonly signing: ChainSigning | undefined;
  readonly reader: EventReader;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: StoredSettings;
  readonly controlPlaneNode: string;
  readonly systemContext: () => CommandContext;
}): RecordedCheckpoints {
  const { signing, reader, log, clock, logger, settings, controlPlaneNode, systemContext } = deps;
  const stream = createSingleWriterStream({ log, stream: checkpointStream });
  let last: LastCheckpoint | undefined;
  let unanswered: { readonly checkpoint: SignedCheckpoint; readonly prepared: readonly PreparedEvent[] } | undefined;
  let isStarted = false;
  let cancel: (() => void) | undefined;
  const inTurn = createInTurn();

  const record = async (): Promise<LastCheckpoint> => {
    if (unanswered === undefined) throw new TypeError('There is nothing to record.');
    const { checkpoint, prepared } = unanswered;
    const eventPosition = await stream.append(prepared);
    unanswered = undefined;
    last = { checkpoint, eventPosition };
    return last;
  };

  const signNow = async (head: LogChain['head'], signer: CheckpointSigner, context: CommandContext): Promise<LastCheckpoint | undefined> => {
    // One that may be recorded already comes first: a single writer gives the same events again.
    if (unanswered !== undefined) await record();
    const place: ChainHead | undefined = await head();
    if (place === undefined || place.position === last?.eventPosition) return last;
    const checkpoint = signer.sign({ controlPlaneNode, ...place, at: instantOf(clock) });
    unanswered = { checkpoint, prepared: log.prepare([{ type: 'CheckpointSigned', data: toEventData(checkpoint) }], context) };
    return record();
  };

  const signInTurn = ({ chain, signer }: ChainSigning, context: CommandContext): Promise<LastCheckpoint | undefined> =>
    inTurn(() => signNow(() => chain.head(), signer, context));

  const schedule = (ready: ChainSigning, delayMs: number): void => {
    cancel?.();
    cancel = clock.after(Math.max(0, delayMs), () => {
      signInTurn(ready, systemContext()).then(
        () => scheduleNext(ready, clock.now()),
        (error: unknown) => {
          logger.warn({ err: error }, 'no checkpoint could be signed; it is tried again');
          if (isStarted) schedule(ready, retryMs);
        },
      );
    });
  };
  const scheduleNext = (ready: ChainSigning, sinceMs: number): void => {
    if (isStarted) schedule(ready, sinceMs + settings.current().checkpointIntervalSeconds * 1000 - clock.now());
  };

  settings.onChanged((before) => {
    if (signing === undefined || before.checkpointIntervalSeconds === settings.current().checkpointIntervalSeconds) return;
    scheduleNext(signing, last === undefined ? clock.now() : Date.parse(last.checkpoint.at));
  });

  return {
    async start() {
      if (signing === undefined) return;
      last = await readLastCheckpoint(reader);
      isStarted = true;
      const newest = last?.checkpoint;
      if (newest !== undefined && newest.publicKey !== signing.signer.publicKey) {
        logger.warn({ before: newest.publicKey, now: signing.signer.publicKey }, 'checkpoints are signed by another key than before; tell whoever verifies them');
      }
      // A clock that was set back counts as no time at all.
      scheduleNext(signing, newest === undefined ? clock.now() : Math.min(clock.now(), Date.parse(newest.at)));
    },

    async sign(context) {
      const signed = await signInTurn(needed(signing), context);
      if (signed === undefined) throw new ApplicationError('conflict', 'nothing is recorded yet');
      return { checkpoint: signed.checkpoint, position: signed.eventPosition };
    },

    async list({ limit, from, newestFirst = false }) {
      needed(signing);
      return newestFirst ? readCheckpointsBackwards(reader, { limit, from }) : readCheckpoints(reader, { limit, from: from ?? 0 });
    },

    async close() {
      cancel?.();
      const wasStarted = isStarted;
      isStarted = false;
      if (signing === undefined || !wasStarted) return;
      await signInTurn(signing, systemContext()).catch((error: unknown) => logger.warn({ err: error }, 'the last checkpoint could not be signed'));
    },
  };
}

/** Throws ApplicationError `checkpoints-not-kept`. */
function needed(signing: ChainSigning | undefined): ChainSigning {
  if (signing !== undefined) return signing;
  throw new ApplicationError('checkpoints-not-kept', 'this installation records in an EventStoreDB, which has no chain that could be signed');
}
