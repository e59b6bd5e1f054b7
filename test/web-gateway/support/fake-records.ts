/** Activity, history and the tunnel certificate in memory. */
import type { Activity, CallOutcome, RecordedCall } from '../../../services/application/ports/activity.ts';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { Checkpoints } from '../../../services/application/ports/checkpoints.ts';
import type { EventExports, EventQuery, EventSelection, History, HistoryEvent } from '../../../services/application/ports/history.ts';
import type { TunnelCertificate, TunnelCertificateStatus } from '../../../services/application/ports/tunnel-certificate.ts';
import type { SignedCheckpoint } from '../../../services/domain/checkpoint.ts';
import { EventStoreError } from '../../../services/event-store/port.ts';
import { eventually } from '../../support/eventually.ts';

export type ActivityEntry =
  | { readonly what: 'started'; readonly call: RecordedCall; readonly actor: string }
  | { readonly what: 'proxied'; readonly call: RecordedCall; readonly outcome: CallOutcome; readonly correlationId: string }
  | { readonly what: 'opened' | 'closed'; readonly call: RecordedCall; readonly kind: string; readonly reason?: string };

export interface FakeActivity extends Activity {
  readonly entries: ActivityEntry[];
  storeAvailable: boolean;
  /** Waits for the end of the first call whose path begins so. */
  outcomeOf(path: string): Promise<CallOutcome>;
}

export function createFakeActivity(): FakeActivity {
  const entries: ActivityEntry[] = [];
  const activity: FakeActivity = {
    entries,
    storeAvailable: true,
    callStarted(call, { actor }) {
      if (!activity.storeAvailable) return Promise.reject(new ApplicationError('event-store-unavailable', 'the event store can not be reached', { retryAfterSeconds: 3 }));
      entries.push({ what: 'started', call, actor });
      return Promise.resolve();
    },
    callProxied: (call, outcome, { correlationId }) => void entries.push({ what: 'proxied', call, outcome, correlationId }),
    streamOpened: (call, kind) => void entries.push({ what: 'opened', call, kind }),
    streamClosed: (call, kind, { reason }) => void entries.push({ what: 'closed', call, kind, reason }),
    outcomeOf: (path) =>
      eventually(`the record of ${path}`, () => {
        const entry = entries.find((one) => one.what === 'proxied' && one.call.path.startsWith(path));
        return entry?.what === 'proxied' ? entry.outcome : undefined;
      }),
  };
  return activity;
}

/** @param events what was recorded; `publish` adds one for those who follow. */
export interface FakeExports extends EventExports {
  readonly asked: Omit<EventSelection, 'after'>[];
  /** Lets those that were held go on. */
  goOn(): void;
  /** Breaks them. */
  fail(): void;
}

/** Exports of two lines; where they are held, the second waits until it is told to go on. */
export function createFakeExports({ isHeld = false }: { readonly isHeld?: boolean } = {}): FakeExports {
  const asked: FakeExports['asked'] = [];
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  promise.catch(() => undefined);
  if (!isHeld) resolve(undefined);
  return {
    asked,
    goOn: () => resolve(undefined),
    fail: () => reject(new Error('the log can not be read')),
    async *export(query, signal) {
      asked.push(query);
      yield Buffer.from('{"homeport":"events"}\n');
      const aborted = Promise.withResolvers<never>();
      const abort = (): void => aborted.reject(new Error('aborted'));
      signal.addEventListener('abort', abort);
      await Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
      yield Buffer.from('{"end":{}}\n');
    },
  };
}

export function createFakeHistory(events: HistoryEvent[]): History & { publish(event: HistoryEvent): void; readonly followers: () => number } {
  const wakers = new Set<() => void>();
  return {
    publish(event) {
      events.push(event);
      for (const wake of wakers) wake();
    },
    followers: () => wakers.size,
    async list({ limit, after, types, isVisible }) {
      if (after !== undefined && !/^\d+$/.test(after)) throw new EventStoreError('invalid-position', '"x" is no position that this installation gave.');
      const matching = await visible(events.filter((event) => Number(event.position) > Number(after ?? -1) && (types?.includes(event.type) ?? true)), isVisible);
      const page = matching.slice(0, limit);
      return { events: page, next: page.length < matching.length ? (page.at(-1)?.position ?? null) : null };
    },
    async *stream({ types, isVisible }, { follow, signal }) {
      let at = 0;
      while (!signal.aborted) {
        const news = events.slice(at).filter((event) => types?.includes(event.type) ?? true);
        at = events.length;
        const page = await visible(news, isVisible);
        if (page.length > 0) yield page;
        if (!follow) return;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            wakers.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          wakers.add(wake);
          signal.addEventListener('abort', wake);
        });
      }
    },
  };
}

async function visible(events: readonly HistoryEvent[], isVisible: EventQuery['isVisible'] = () => true): Promise<HistoryEvent[]> {
  const shown: HistoryEvent[] = [];
  for (const event of events) if (await isVisible((event.data as { environmentId?: string }).environmentId)) shown.push(event);
  return shown;
}

/** Counts rotations; the fingerprints are `0`, `1` and so on. */
export function createFakeTunnelCertificate(at: string): TunnelCertificate {
  let status: TunnelCertificateStatus = { fingerprint: '0', since: null, formers: [] };
  return {
    status: () => status,
    rotate({ formerAcceptedSeconds = 60 }) {
      if (formerAcceptedSeconds > 3600) return Promise.reject(new ApplicationError('invalid-settings', 'too long', { pointer: '/formerAcceptedSeconds' }));
      const former = { fingerprint: status.fingerprint, acceptedUntil: at };
      status = { fingerprint: String(Number(status.fingerprint) + 1), since: at, formers: formerAcceptedSeconds === 0 ? [] : [...status.formers, former] };
      return Promise.resolve({ position: '1' });
    },
    retireFormers() {
      status = { ...status, formers: [] };
      return Promise.resolve({ position: '2' });
    },
  };
}

/** As many as were signed; each covers ten events more. */
export function createFakeCheckpoints(at: string): Checkpoints {
  const signed: SignedCheckpoint[] = [];
  return {
    sign() {
      const events = 10 * (signed.length + 1);
      const checkpoint = { at, controlPlaneNode: 'cp', position: String(events), events, chain: 'c0', publicKey: 'cA==', signature: 'cw==' };
      signed.push(checkpoint);
      return Promise.resolve({ checkpoint, position: String(events + 1) });
    },
    list({ limit, from = 0 }) {
      const end = from + limit;
      return Promise.resolve({ checkpoints: signed.slice(from, end), next: end < signed.length ? end : null, total: signed.length });
    },
  };
}
