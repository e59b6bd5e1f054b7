/** Positions on the wire: two numbers of 64 bits, which are the port's text of a position, `<commit>` or `<commit>-<prepare>`. */
import type { Position } from '../event-store/port.ts';

/** As the generated classes have them: decimal text. */
export interface WirePosition {
  readonly commit: string;
  readonly prepare: string;
}

/** What clients send for "the end" where they have no other word for it: -1, without a sign. */
const end = 2n ** 63n;

/** Both numbers of a position. */
export function toWirePosition(position: Position): WirePosition {
  const [commit = '0', prepare = commit] = position.split('-');
  return { commit, prepare };
}

/** The port's text; 'start' for 0, 'end' for what only means the end. The store itself refuses one that it never gave. */
export function fromWirePosition({ commit, prepare }: WirePosition): Position | 'start' | 'end' {
  if (BigInt(commit) >= end) return 'end';
  if (commit === '0') return 'start';
  return commit === prepare ? commit : `${commit}-${prepare}`;
}

/** A revision; 'end' for what only means the end. More than JavaScript's numbers hold is past every stream's end. */
export function fromWireRevision(revision: string): number | 'end' {
  return BigInt(revision) >= end ? 'end' : Math.min(Number(revision), Number.MAX_SAFE_INTEGER);
}
