/** Who waits for which position to be applied, and how the read models fare. */
import type { Position } from '../services/event-store/port.ts';
import { ProjectionsError, type ProjectionsState } from './port.ts';

export interface AppliedPosition {
  current(): Position | undefined;
  state(): ProjectionsState;
  /** A position that is not newer changes nothing; any news ends a failure. */
  advance(position: Position | undefined, isCaughtUp: boolean): void;
  /** The projector stopped: all who wait are told, and all who ask until it works again. */
  fail(reason: string): void;
  /** The projector begins, or begins again, at a position that may be earlier: the rows behind it are gone. */
  restart(position: Position | undefined): void;
  close(): void;
  /** Resolves once the position is applied. Throws {@link ProjectionsError}, the signal's reason, or EventStoreError `invalid-position`. */
  until(position: Position, signal?: AbortSignal): Promise<void>;
  /** Resolves once the head of the log was reached first. Throws as `until` does. */
  untilCaughtUp(signal?: AbortSignal): Promise<void>;
}

interface Waiter {
  isMet(): boolean;
  meet(): void;
  fail(error: ProjectionsError): void;
}

/** Creates the knowledge of one set of read models. */
export function createAppliedPosition(compare: (a: Position, b: Position) => number): AppliedPosition {
  let current: Position | undefined;
  let state: ProjectionsState = { kind: 'catching-up' };
  let isClosed = false;
  const waiters = new Set<Waiter>();

  function obstacle(): ProjectionsError | undefined {
    if (isClosed) return new ProjectionsError('projections-closed', 'the read models are closed');
    if (state.kind === 'failed') return new ProjectionsError('projections-failed', `the read models stopped: ${state.reason}`);
    return undefined;
  }

  function check(): void {
    const error = obstacle();
    for (const waiter of waiters) {
      if (error !== undefined) waiter.fail(error);
      else if (waiter.isMet()) waiter.meet();
    }
  }

  async function wait(isMet: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!isClosed && isMet()) return;
    const error = obstacle();
    if (error !== undefined) throw error;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const abort = () => reject(signal?.reason);
    const waiter: Waiter = { isMet, meet: () => resolve(undefined), fail: reject };
    waiters.add(waiter);
    signal?.addEventListener('abort', abort);
    try {
      await promise;
    } finally {
      waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
  }

  return {
    current: () => current,
    state: () => state,

    advance(position, isCaughtUp) {
      if (position !== undefined && (current === undefined || compare(position, current) > 0)) current = position;
      state = { kind: isCaughtUp ? 'live' : 'catching-up' };
      check();
    },

    fail(reason) {
      state = { kind: 'failed', reason };
      check();
    },

    restart(position) {
      current = position;
      state = { kind: 'catching-up' };
    },

    close() {
      isClosed = true;
      check();
    },

    async until(position, signal) {
      // Text that is no position is refused here, not when the next batch is applied.
      compare(position, position);
      await wait(() => current !== undefined && compare(current, position) >= 0, signal);
    },

    untilCaughtUp(signal) {
      return wait(() => state.kind === 'live', signal);
    },
  };
}
