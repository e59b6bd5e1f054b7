/** Turns operations into events to write, against heads that move as the plan grows. Nothing is written here. */
import { randomUUID } from 'node:crypto';
import { EventStoreError, type NewEvent } from '../port.ts';
import {
  describedStreamOf,
  metadataEventType,
  metadataStreamOf,
  softDeletedMetadata,
  tombstoneEventType,
  undeletedMetadata,
} from '../stream-metadata.ts';
import { decideAppend, type KnownEvent } from './append-decision.ts';
import type { Operation, OperationResult } from './operations.ts';
import type { RecentEvent, RecentIds } from './recent-ids.ts';
import type { StreamHead, StreamHeads } from './stream-heads.ts';

/** An event that the batch will write. */
export interface PlannedEvent extends NewEvent {
  readonly head: StreamHead;
  readonly revision: number;
  /** 0 until the batch gives it one. */
  position: number;
  /** Its number among the recent ids. */
  readonly number: number;
}

/** The events of a batch by what becomes of them: '' for those that stay, else the category that expires. */
export type PlannedGroups = ReadonlyMap<string, readonly PlannedEvent[]>;

/** One operation's part in the plan: an error, or the event whose place is the answer once the batch is committed. */
export type PlannedOutcome = EventStoreError | { readonly revision: number; readonly event: Pick<KnownEvent, 'position'> };

export interface BatchPlan {
  add(operation: Operation): PlannedOutcome;
  readonly groups: PlannedGroups;
  readonly eventCount: number;
}

export interface BatchPlanDeps {
  readonly heads: StreamHeads;
  readonly recentIds: RecentIds;
  /** The recorded event at a revision of a stream. */
  recordedEvent(streamId: number, revision: number): KnownEvent | undefined;
}

/** Starts an empty plan. */
export function createBatchPlan(deps: BatchPlanDeps): BatchPlan {
  const { heads, recentIds } = deps;
  const kept: PlannedEvent[] = [];
  const groups = new Map<string, PlannedEvent[]>([['', kept]]);
  const planned: PlannedEvent[] = [];

  const lookups = {
    eventAt: (head: StreamHead, revision: number): KnownEvent | undefined => {
      const inBatch = planned.findLast((event) => event.head === head && event.revision === revision);
      return inBatch ?? (head.id === 0 ? undefined : deps.recordedEvent(head.id, revision));
    },
    recent: (id: string): RecentEvent | undefined => recentIds.find(id),
  };

  const groupOf = (category: string): PlannedEvent[] => {
    if (category === '') return kept;
    const known = groups.get(category);
    if (known !== undefined) return known;
    const group: PlannedEvent[] = [];
    groups.set(category, group);
    return group;
  };

  const write = (head: StreamHead, events: readonly NewEvent[]): PlannedEvent | undefined => {
    heads.change(head);
    const group = groupOf(head.expiringCategory);
    let last: PlannedEvent | undefined;
    for (const { id, type, data, metadata } of events) {
      head.revision += 1;
      last = { id, type, data, metadata, head, revision: head.revision, position: 0, number: recentIds.noted };
      group.push(last);
      planned.push(last);
      recentIds.note(id, head, head.revision);
    }
    return last;
  };

  const writeMetadata = (described: StreamHead, id: string, metadata: string): PlannedEvent | undefined => {
    heads.change(described);
    heads.setMetadata(described, metadata);
    return write(heads.of(metadataStreamOf(described.name)), [{ id, type: metadataEventType, data: metadata, metadata: '{}' }]);
  };

  const append = (head: StreamHead, events: readonly NewEvent[]): PlannedEvent | undefined => {
    const describedName = describedStreamOf(head.name);
    const described = describedName === undefined ? head : heads.of(describedName);
    const wasSoftDeleted = described.softDeleted;
    const firstNewRevision = described.revision + 1;
    const last = write(head, events);
    if (describedName !== undefined && last !== undefined) {
      heads.change(described);
      heads.setMetadata(described, last.data);
    }
    // Whoever writes to a soft-deleted stream, or sets its metadata, brings it back from its next revision on.
    if (wasSoftDeleted) writeMetadata(described, randomUUID(), undeletedMetadata(described.metadata ?? '{}', firstNewRevision));
    return last;
  };

  const softDelete = (head: StreamHead, id: string): PlannedEvent | undefined => {
    if (head.revision < 0 && head.metadata === undefined) {
      throw new EventStoreError('wrong-expected-revision', `The stream ${head.name} can't be deleted: it does not exist.`, { stream: head.name });
    }
    return writeMetadata(head, id, softDeletedMetadata);
  };

  const tombstone = (head: StreamHead, id: string): PlannedEvent | undefined => {
    const last = write(head, [{ id, type: tombstoneEventType, data: '{}', metadata: '{}' }]);
    head.tombstoned = true;
    return last;
  };

  const add = (operation: Operation): PlannedOutcome => {
    const head = heads.of(operation.stream);
    const describedName = describedStreamOf(operation.stream);
    if (describedName !== undefined && heads.of(describedName).tombstoned) {
      throw new EventStoreError('stream-deleted', `The stream ${describedName} was deleted for ever.`, { stream: operation.stream });
    }
    const decision = decideAppend(head, operation.events, operation.expectedRevision, lookups);
    if (decision.kind === 'repeated') return decision;
    const id = operation.events[0]?.id ?? randomUUID();
    const last =
      operation.kind === 'append' ? append(head, operation.events)
      : operation.kind === 'soft-delete' ? softDelete(head, id)
      : tombstone(head, id);
    if (last === undefined) throw new TypeError('An append needs at least one event.');
    return { revision: last.revision, event: last };
  };

  return {
    add: (operation) => {
      try {
        return add(operation);
      } catch (error) {
        if (error instanceof EventStoreError) return error;
        throw error;
      }
    },
    groups,
    get eventCount() {
      return planned.length;
    },
  };
}

/** The answer to an operation, once its batch is committed. */
export function settled(outcome: PlannedOutcome): EventStoreError | OperationResult {
  return outcome instanceof EventStoreError ? outcome : { revision: outcome.revision, position: outcome.event.position };
}
