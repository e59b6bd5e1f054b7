/** Positions as the port has them: decimal text of the place in the log, from 1. */
import { EventStoreError, type Position } from '../port.ts';

/** Throws {@link EventStoreError} `invalid-position` where the text is no position of this store. */
export function parsePosition(position: Position): number {
  const number = Number(position);
  if (!/^[0-9]+$/.test(position) || !Number.isSafeInteger(number)) throw new EventStoreError('invalid-position', `"${position}" is no position that this installation gave.`);
  return number;
}

/** Undefined for 0, which no event has. */
export function formatPosition(position: number): Position | undefined {
  return position === 0 ? undefined : String(position);
}
