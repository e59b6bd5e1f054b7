/** Notes what the events of a commit change, beside the projections, which write it. */
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { type Change, kindOf, mergeChange } from './change.ts';

/** What changed with a commit. */
export interface CollectedChanges {
  readonly changes: readonly Change[];
  /** False where there were too many to tell: whatever was shown is to be asked for again. */
  readonly isWhole: boolean;
}

export interface ChangeCollector {
  take(events: readonly RecordedEvent[]): void;
  /** What was taken since the last time. */
  drain(): CollectedChanges;
  /** From now on polls are told of these environments, and of no other. */
  watchPolls(environmentIds: readonly string[]): void;
}

/** Of one commit. A live system makes a few; one that catches up makes thousands, which nobody wants one by one. */
const MOST_CHANGES = 2_000;

const NOTHING: CollectedChanges = { changes: [], isWhole: true };

export function createChangeCollector(): ChangeCollector {
  let bySubject = new Map<string, Change>();
  let isWhole = true;
  let watched: ReadonlySet<string> = new Set();

  return {
    take(events) {
      for (const event of events) {
        if (!isWhole) return;
        const change = changeOf(event, watched);
        if (change !== undefined) mergeChange(bySubject, change);
        isWhole = bySubject.size <= MOST_CHANGES;
      }
    },
    drain() {
      if (bySubject.size === 0) return NOTHING;
      const drained = { changes: isWhole ? [...bySubject.values()] : [], isWhole };
      bySubject = new Map();
      isWhole = true;
      return drained;
    },
    watchPolls(environmentIds) {
      watched = new Set(environmentIds);
    },
  };
}

/** Undefined for what nobody is told: types that are not known, bookkeeping, and polls that nobody watches. */
function changeOf(event: RecordedEvent, watchedPolls: ReadonlySet<string>): Change | undefined {
  const { type, stream } = event;
  const kind = kindOf(type);
  if (kind === null || (kind === 'poll' && watchedPolls.size === 0)) return undefined;
  const id = stream.slice(stream.indexOf('-') + 1);
  const types = [type];
  switch (kind) {
    case 'tunnel': {
      const [environmentId = '', node = null] = id.split('_', 2);
      return { kind, environmentId, node, types };
    }
    case 'poll':
    case 'activity':
    case 'refusal': {
      const environmentId = environmentOf(event);
      return kind === 'poll' && (environmentId === null || !watchedPolls.has(environmentId)) ? undefined : { kind, environmentId, types };
    }
    case 'account':
      return { kind, environmentId: null, ...(stream.startsWith('user-') ? { userId: id } : {}), types };
    case 'settings':
    case 'checkpoint':
      return { kind, environmentId: null, types };
    default:
      return { kind, environmentId: id, types };
  }
}

/** Where the stream's name does not say it. */
function environmentOf({ data }: RecordedEvent): string | null {
  const parsed: unknown = JSON.parse(data);
  if (typeof parsed !== 'object' || parsed === null || !('environmentId' in parsed)) return null;
  return typeof parsed.environmentId === 'string' ? parsed.environmentId : null;
}
