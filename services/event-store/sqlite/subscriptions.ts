/** Subscriptions: paged reads from where the consumer stands to the newest head, then a wait for the next. So there is no gap and no repeat. */
import {
  EventStoreError,
  type Position,
  type SubscribeOptions,
  type SubscribeToAllOptions,
  type SubscriptionMessage,
} from '../port.ts';
import type { HeadWatch } from './head-watch.ts';
import type { LogPages } from './log-pages.ts';
import type { StreamPage } from './log-reader.ts';
import { formatPosition, parsePosition } from './position.ts';

export interface SubscriptionDeps {
  readonly pages: LogPages;
  readonly heads: HeadWatch;
  currentHead(): number;
}

/** Follows the log of all streams. `end` is the head at the time of this call. */
export function subscribeToAll(deps: SubscriptionDeps, options: SubscribeToAllOptions): AsyncGenerator<SubscriptionMessage> {
  const { pages, heads } = deps;
  const { after, filter, signal } = options;
  const start = after === 'start' ? 0 : after === 'end' ? deps.currentHead() : parsePosition(after);

  async function* follow(): AsyncGenerator<SubscriptionMessage> {
    let considered = start;
    let isCaughtUp = false;
    const isAborted = (): boolean => signal?.aborted === true;
    while (!isAborted()) {
      const to = isCaughtUp ? heads.head : deps.currentHead();
      let next: number | undefined = considered < to ? considered + 1 : undefined;
      while (next !== undefined && !isAborted()) {
        const page = await pages.allPage({ direction: 'forwards', from: next, to, limit: Number.POSITIVE_INFINITY, filter });
        if (isAborted()) return;
        ({ next } = page);
        considered = next === undefined ? to : next - 1;
        const delivered = page.events.at(-1)?.position;
        if (page.events.length > 0) yield { kind: 'events', events: page.events };
        const position = String(considered) satisfies Position;
        if (filter !== undefined && delivered !== position && !isAborted()) yield { kind: 'checkpoint', position };
      }
      if (isAborted()) return;
      if (!isCaughtUp) {
        if (deps.currentHead() > considered) continue;
        isCaughtUp = true;
        yield { kind: 'caught-up', position: formatPosition(considered) };
      }
      await heads.beyond(considered, signal);
    }
  }
  return follow();
}

/** Follows one stream, which need not exist. */
export function subscribeToStream(
  { pages, heads }: SubscriptionDeps,
  stream: string,
  options: SubscribeOptions<number>,
): AsyncGenerator<SubscriptionMessage> {
  const { after, signal } = options;
  const isAborted = (): boolean => signal?.aborted === true;

  /** Undefined where there is no such stream (yet, or any more). */
  const read = async (from: number): Promise<StreamPage | undefined> => {
    try {
      return await pages.streamPage({
        stream,
        direction: 'forwards',
        from,
        to: Number.MAX_SAFE_INTEGER,
        limit: Number.POSITIVE_INFINITY,
      });
    } catch (error) {
      if (error instanceof EventStoreError && error.code === 'stream-not-found') return undefined;
      throw error;
    }
  };

  // Asked for at once, so that "from now on" means from this call.
  const end = after === 'end' && !isAborted() ? read(Number.MAX_SAFE_INTEGER) : undefined;
  end?.catch(() => undefined);

  async function* follow(): AsyncGenerator<SubscriptionMessage> {
    if (isAborted()) return;
    let next = after === 'start' ? 0 : after === 'end' ? ((await end)?.lastRevision ?? -1) + 1 : after + 1;
    let isCaughtUp = false;
    let head = heads.head;
    while (!isAborted()) {
      const page = await read(next);
      if (isAborted()) return;
      next = page?.next ?? Math.max(next, (page?.lastRevision ?? -1) + 1);
      const last = page?.events.at(-1);
      if (page !== undefined && page.events.length > 0) yield { kind: 'events', events: page.events };
      if (isAborted()) return;
      if (page?.next !== undefined) continue;
      if (!isCaughtUp) {
        isCaughtUp = true;
        yield { kind: 'caught-up', position: last?.position ?? formatPosition(head) };
      }
      await heads.beyond(head, signal);
      head = heads.head;
    }
  }
  return follow();
}
