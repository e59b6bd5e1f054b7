/** Positions of an EventStoreDB server as the port has them: the commit position, and the prepare position where it differs. */
import { EventStoreError, type Position } from '../port.ts';

/** A place in the server's log. */
export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** The port's text of a place. */
export function formatPosition({ commit, prepare }: LogPosition): Position {
  return commit === prepare ? String(commit) : `${commit}-${prepare}`;
}

/** Throws {@link EventStoreError} `invalid-position` where the text is no position of such a server. */
export function parsePosition(position: Position): LogPosition {
  const [, commit, prepare = commit] = /^([0-9]{1,20})(?:-([0-9]{1,20}))?$/.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) throw new EventStoreError('invalid-position', `"${position}" is no position that this event store gave.`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Negative where `a` comes before `b`, 0 where they are the same. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  if (a.prepare !== b.prepare) return a.prepare < b.prepare ? -1 : 1;
  return 0;
}
