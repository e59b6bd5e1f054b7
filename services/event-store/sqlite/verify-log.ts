/** Recomputes every Merkle root and the whole chain from the rows: proof that nothing recorded was altered. Names what was. */
import type { DatabaseSync } from 'node:sqlite';
import { createEventSequence } from '../event-sequence.ts';
import { maxProblems, nameEvent, type LogProblem, type LogVerification, type OnProgress } from '../log-verification.ts';
import { createChainGroups, type ChainGroup } from './chain-groups.ts';
import { chainHash, digestToBytes, emptyChain, type Digest } from './merkle.ts';
import { createRecordedLeaves } from './recorded-leaves.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { createRemovedThrough } from './removed-through.ts';
import { verifyBookkeeping } from './verify-bookkeeping.ts';
import { createGroupVerifier } from './verify-group.ts';

/** What kind of log is verified. */
export interface LogToVerify {
  /** Events were left out on purpose: groups without any, and of others those that left their leaf. That a stream has all its events can't be known then. */
  readonly isPartial?: boolean;
  /** It was put together from elsewhere: what a store keeps beside the events has just been made. */
  readonly isRebuilt?: boolean;
}

/** Reads the whole log in the calling thread, which nothing else can use meanwhile; the connection must be in no transaction. */
export function verifyLog(database: DatabaseSync, onProgress: OnProgress = () => undefined, { isPartial = false, isRebuilt = false }: LogToVerify = {}): LogVerification {
  const problems: LogProblem[] = [];
  let chain = emptyChain;
  let previous: ChainGroup | undefined;
  let groupCount = 0;
  let events = 0;
  let recomputed = 0;
  let expired = 0;

  const note = (...found: readonly LogProblem[]): void => {
    for (const problem of found) if (problems.length < maxProblems) problems.push(problem);
  };
  /** What can't be read is damaged, and the rest is looked at all the same. */
  const guarded = (positions: readonly [number, number] | undefined, look: () => void): void => {
    try {
      look();
    } catch (error) {
      const { message } = toEventStoreError(error, positions === undefined ? 'The file can’t be read' : `Positions ${positions[0]} to ${positions[1]} can’t be read`);
      note({ kind: 'file', message, ...(positions === undefined ? {} : { positions }) });
    }
  };

  guarded(undefined, () => {
    const groups = createChainGroups(database);
    const recorded = createRecordedLeaves(database);
    const verifyGroup = createGroupVerifier(database, groups, { isPartial });
    const sequence = createEventSequence({ removedThrough: isPartial ? () => Number.POSITIVE_INFINITY : createRemovedThrough(database) });
    const soFar = new Map<number, number>();
    const total = groups.lastPosition();

    const stray = (first: number, last: number, why: string): number => {
      const strays = recorded.events(first, last);
      for (const { position, stream, revision, type, id } of strays.slice(0, maxProblems)) {
        const event = { position, stream, revision, type, id };
        note({ kind: 'inserted', message: `${nameEvent(event).replace(/^t/, 'T')} ${why}.`, event });
      }
      return strays.length;
    };

    stray(Number.MIN_SAFE_INTEGER, 0, 'stands before the beginning of the log');
    groups.forEach((group) => {
      const { first, last } = group;
      const positions = [first, last] as const;
      const expectedFirst = (previous?.last ?? 0) + 1;
      groupCount += 1;
      if (first > expectedFirst) {
        const strays = stray(expectedFirst, first - 1, 'belongs to no group: its group was removed');
        if (strays < first - expectedFirst) note({ kind: 'missing', message: `Among positions ${expectedFirst} to ${first - 1} events are missing, with what proves them.`, positions: [expectedFirst, first - 1] });
      } else if (first < expectedFirst) {
        note({ kind: 'inserted', message: `The group of positions ${first} to ${last} was inserted: the log was at ${expectedFirst} already.`, positions });
      }

      guarded(positions, () => {
        const verified = verifyGroup(group);
        for (const position of verified.missing) sequence.missing(position);
        events += verified.events.length;
        if (verified.isWhole) recomputed += 1;
        else if (verified.missing.length === 0) expired += 1;
        const isRootAltered = verified.root !== undefined && verified.root !== group.root && chainHash(chain, linkOf(group, verified.root)) === group.chain;
        if (isRootAltered) note({ kind: 'chain', message: `The root of positions ${first} to ${last} was altered; their events are as they were recorded.`, positions });
        else note(...verified.problems);
        if (!isRootAltered && chainHash(chain, linkOf(group, group.root)) !== group.chain) {
          note({ kind: 'chain', message: `The group of positions ${first} to ${last} is not chained to the one before it.`, positions });
        }
        if (verified.problems.length === 0) for (const event of verified.events) note(...[sequence.next(event)].filter((problem) => problem !== undefined));
        else for (const event of verified.events) sequence.next(event);
      });
      chain = group.chain;

      const category = (soFar.get(group.categoryId) ?? 0) + last - first + 1;
      soFar.set(group.categoryId, category);
      if (group.eventsSoFar !== category || group.totalsCheck !== -1 - (group.createdAtMs + group.eventsSoFar + group.bytesSoFar)) {
        note({ kind: 'bookkeeping', message: `What is noted of positions ${first} to ${last}, when and how much, is not what was noted then.`, positions });
        soFar.set(group.categoryId, group.eventsSoFar);
      }
      previous = group;
      onProgress(Math.min(last, total), total);
    });
    // Appends go on beside: one transaction sees the newest end and what stands behind it.
    database.exec('BEGIN');
    stray(groups.lastPosition() + 1, Number.MAX_SAFE_INTEGER, 'stands after the end of the log');
    database.exec('ROLLBACK');
    nameMissing(problems, sequence.namesOfMissing());
  });
  if (!isRebuilt) guarded(undefined, () => note(...verifyBookkeeping(database)));

  return {
    groups: groupCount,
    events,
    recomputed,
    expired,
    lastPosition: previous?.last ?? 0,
    problems,
    chain: Buffer.from(digestToBytes(chain)).toString('hex'),
  };
}

function linkOf({ first, last, category }: ChainGroup, root: Digest) {
  return { root, firstPosition: first, lastPosition: last, category };
}

/** Some that are missing are known by now, from their streams' gaps. */
function nameMissing(problems: LogProblem[], names: ReturnType<ReturnType<typeof createEventSequence>['namesOfMissing']>): void {
  for (const [index, problem] of problems.entries()) {
    const event = problem.kind === 'missing' && problem.event?.stream === undefined ? names.get(problem.event?.position ?? 0) : undefined;
    if (event !== undefined) problems[index] = { kind: 'missing', message: `${nameEvent(event).replace(/^t/, 'T')} is missing.`, event };
  }
}
