/** Records what is called through tunnels: before it happens where it may change something, after it where it only reads. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DomainEvent } from '../domain/events.ts';
import { firstBatch } from './append-batch.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog, PreparedEvent } from './event-log.ts';
import type { Activity } from './ports/activity.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { SingleWriterStream } from './single-writer-stream.ts';
import type { ApplicationTallies } from './tallies.ts';

export interface RecordedActivity extends Activity {
  /** Before anything else is recorded: says that what earlier processes of this node left under way is over. Throws ApplicationError event-store-unavailable. */
  interrupted(): Promise<void>;
  /** Writes what is buffered and stops. */
  close(): Promise<void>;
}

const flushMs = 25;
const retryMs = 1000;
const bufferLimit = 20_000;

/**
 * The stream of one control-plane node's activity. It is one, where polls have several: calls are made at the pace of people
 * and their scripts, and one stream keeps a call's events in their order. The number stands in its name so that others may
 * come beside it without renaming what is recorded.
 */
export function activityStreamOf(controlPlaneNode: string): string {
  return `activity-${controlPlaneNode}_0`;
}

/** Creates the record of one control-plane node. */
export function createActivity(deps: {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingsAccess;
  readonly stream: SingleWriterStream;
  readonly actor: string;
  readonly tallies: ApplicationTallies;
}): RecordedActivity {
  const { log, clock, logger, settings, stream, actor, tallies } = deps;
  let buffer: PreparedEvent[] = [];
  /** What is being appended: after a failure exactly this again, for it may be recorded already. */
  let batch: readonly PreparedEvent[] = [];
  let lost = 0;
  let flushing: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  function push(event: DomainEvent, context: CommandContext): void {
    if (buffer.length >= bufferLimit) {
      lost++;
      tallies.activityLost += 1;
      return;
    }
    buffer.push(...log.prepare([event], context));
    schedule(flushMs);
  }

  function schedule(delayMs: number): void {
    if (flushing !== undefined || cancelTimer !== undefined || closed) return;
    cancelTimer = clock.after(delayMs, () => {
      cancelTimer = undefined;
      void flush();
    });
  }

  function flush(): Promise<void> {
    flushing ??= write().finally(() => {
      flushing = undefined;
      if (batch.length + buffer.length > 0) schedule(retryMs);
    });
    return flushing;
  }

  async function write(): Promise<void> {
    try {
      while (batch.length + buffer.length > 0) {
        if (lost > 0 && buffer.length < bufferLimit) {
          const data = { at: instantOf(clock), count: lost };
          lost = 0;
          buffer.push(...log.prepare([{ type: 'ActivityLost', data }], { actor, correlationId: randomUUID() }));
        }
        if (batch.length === 0) {
          batch = firstBatch(buffer, (event) => event);
          buffer = buffer.slice(batch.length);
        }
        await stream.append(batch);
        batch = [];
      }
    } catch (error) {
      logger.warn({ err: error, buffered: batch.length + buffer.length }, 'activity could not be recorded yet');
    }
  }

  return {
    async interrupted() {
      await stream.append(log.prepare([{ type: 'ActivityInterrupted', data: { at: instantOf(clock) } }], { actor, correlationId: randomUUID() }));
    },
    async callStarted({ key, callId, method, path }, context) {
      const event: DomainEvent = { type: 'ApiCallStarted', data: { at: instantOf(clock), ...key, callId, method, path } };
      if (settings.current().auditMode === 'available') {
        push(event, context);
        return;
      }
      await stream.append(log.prepare([event], context));
    },
    callProxied({ key, callId, method, path }, outcome, context) {
      push({ type: 'ApiCallProxied', data: { at: instantOf(clock), ...key, callId, method, path, ...outcome } }, context);
    },
    streamOpened({ key, callId, path }, kind, context) {
      push({ type: 'StreamOpened', data: { at: instantOf(clock), ...key, callId, kind, path } }, context);
    },
    streamClosed({ key, callId }, kind, outcome, context) {
      push({ type: 'StreamClosed', data: { at: instantOf(clock), ...key, callId, kind, ...outcome } }, context);
    },
    async close() {
      closed = true;
      cancelTimer?.();
      await flushing;
      await flush();
    },
  };
}
