/** What a commit of the read models changed, in a few words: enough to know what to ask for again. */
import type { EventType } from '../../services/domain/events.ts';
import { type TimelineKind, timelineKinds } from '../timeline/kinds.ts';

/** The kinds of the timeline, and three more. */
export type ChangeKind = TimelineKind | 'poll' | 'activity' | 'checkpoint';

/** One thing that changed. */
export interface Change {
  readonly kind: ChangeKind;
  /** Null where it is about none. */
  readonly environmentId: string | null;
  /** Of a tunnel: the Swarm node it leads to, or null for the environment's own. */
  readonly node?: string | null;
  /** Of an account; absent where it is about none there is, as with a refused sign-in. */
  readonly userId?: string;
  /** The types of the events that changed it, each once. */
  readonly types: readonly string[];
}

/** What the timeline leaves out, and somebody who looks at now wants to know. */
const beyondTheTimeline: Readonly<Partial<Record<string, ChangeKind>>> = {
  AgentPolled: 'poll',
  SnapshotUnchanged: 'snapshot',
  ApiCallStarted: 'activity',
  ApiCallProxied: 'activity',
  StreamOpened: 'activity',
  StreamClosed: 'activity',
  CheckpointSigned: 'checkpoint',
};

/** The kind of what an event changes; null for bookkeeping of the record, and for types that nobody knows. */
export function kindOf(type: string): ChangeKind | null {
  const told = Object.hasOwn(timelineKinds, type) ? timelineKinds[type as EventType] : null;
  return told ?? (Object.hasOwn(beyondTheTimeline, type) ? (beyondTheTimeline[type] ?? null) : null);
}

/** Every kind there is. */
export const allKinds: readonly ChangeKind[] = ['environment', 'agent', 'heartbeat', 'poll', 'tunnel', 'snapshot', 'activity', 'refusal', 'account', 'settings', 'checkpoint'];

/** What two changes must share to be one. */
export function subjectOf({ kind, environmentId, node, userId }: Change): string {
  return `${kind} ${environmentId ?? ''} ${node ?? ''} ${userId ?? ''}`;
}

/** Adds a change to those that are kept by subject: of each subject one, with all its types. */
export function mergeChange(bySubject: Map<string, Change>, change: Change): void {
  const subject = subjectOf(change);
  const before = bySubject.get(subject);
  const types = before === undefined ? [] : change.types.filter((type) => !before.types.includes(type));
  if (before === undefined) bySubject.set(subject, change);
  else if (types.length > 0) bySubject.set(subject, { ...before, types: [...before.types, ...types] });
}
