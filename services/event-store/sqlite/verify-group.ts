/** Verifies the events of one group against its root and its checks. */
import type { DatabaseSync } from 'node:sqlite';
import { explainDisplaced } from '../event-displacement.ts';
import type { LogProblem } from '../log-verification.ts';
import type { ChainGroup, ChainGroups } from './chain-groups.ts';
import { checkAt, checkBytes, checkOf } from './leaf-checks.ts';
import { leafHash, merkleRoot, type Digest, type LeafFields } from './merkle.ts';
import { createRecordedLeaves } from './recorded-leaves.ts';

export interface GroupVerification {
  readonly events: readonly LeafFields[];
  /** Whether all leaves are there; else the group has expired, wholly or in part, or lost events. */
  readonly isWhole: boolean;
  /** Positions whose events are missing and have not expired. */
  readonly missing: readonly number[];
  /** Of its leaves, where it is whole. */
  readonly root: Digest | undefined;
  readonly problems: readonly LogProblem[];
}

/** Events of one group that are explained one by one; more say nothing new. */
const maxExplained = 20;

/** Verifies groups of a connection. Of a `isPartial` log, groups of which nothing is there were left out on purpose. */
export function createGroupVerifier(database: DatabaseSync, groups: ChainGroups, { isPartial }: { readonly isPartial: boolean }): (group: ChainGroup) => GroupVerification {
  const recorded = createRecordedLeaves(database);
  const eventAt = (position: number): LeafFields | undefined => recorded.events(position, position)[0];
  const wasRecordedAs = (event: LeafFields, position: number, revision: number): boolean | undefined => {
    const there = groups.at(position);
    const leaf = leafHash({ ...event, position, revision, createdAtMs: there?.createdAtMs ?? event.createdAtMs });
    const check = there === undefined ? undefined : checkAt(there.checks, position - there.first);
    return check === undefined ? undefined : check === checkOf(leaf) || check === checkOf(leafHash({ ...event, position, revision }));
  };

  return (group) => {
    const { first, last, checks, removedBefore } = group;
    const size = last - first + 1;
    const events = recorded.events(first, last);
    const eventsByPosition = new Map(events.map((event) => [event.position, event]));
    const leaves: (Digest | undefined)[] = Array.from({ length: size });
    for (const [position, leaf] of recorded.removed(first, last)) leaves[position - first] = leaf;
    for (const event of events) leaves[event.position - first] = leafHash(event);

    const known = leaves.filter((leaf) => leaf !== undefined);
    const isLeftOut = isPartial && known.length === 0;
    const hasExpired = (position: number): boolean => isLeftOut || (group.category !== '' && position < removedBefore);
    const isWhole = known.length === size;
    const root = isWhole ? merkleRoot(known) : undefined;
    const isAsRecorded = root === group.root;
    const problems: LogProblem[] = [];
    const missing: number[] = [];
    const bookkeeping = (message: string): void => void problems.push({ kind: 'bookkeeping', message, positions: [first, last] });

    for (const [index, leaf] of leaves.entries()) {
      const position = first + index;
      if (leaf === undefined && !hasExpired(position)) missing.push(position);
      const check = checkAt(checks, index);
      if (leaf === undefined || check === undefined || check === checkOf(leaf)) continue;
      if (isAsRecorded) {
        bookkeeping(`What is kept to name the event at position ${position} was altered; the event is as it was recorded.`);
        continue;
      }
      const event = eventsByPosition.get(position);
      if (problems.length >= maxExplained) continue;
      problems.push(event === undefined ? { kind: 'altered', message: `The hash left by the removed event at position ${position} is not the one that was left.`, event: { position } } : explainDisplaced(event, { eventAt, wasRecordedAs }));
    }
    for (const position of missing) problems.push({ kind: 'missing', message: `The event at position ${position} is missing.`, event: { position } });

    const isEmpty = known.length === 0;
    if (isWhole && !isAsRecorded && problems.length === 0) {
      problems.push({ kind: 'altered', message: `Among positions ${first} to ${last} is something else than was recorded; which event it is can't be known.`, positions: [first, last] });
    }
    if (checks.length !== (isEmpty && hasExpired(last) ? 0 : size * checkBytes)) bookkeeping(`What is kept to name the events at positions ${first} to ${last} is not whole.`);
    return { events, isWhole, missing, root, problems };
  };
}
