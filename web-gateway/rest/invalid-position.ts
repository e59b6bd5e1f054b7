/** Positions are opaque, so only the store can tell that one is not its own: it says so by a RangeError or a TypeError. */
import { GatewayError } from '../problems/gateway-error.ts';

/** For what failed with a position that the client sent: whether that was why. */
export function invalidPositionOr(error: unknown): unknown {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) return error;
  return new GatewayError('invalid-position', 'The position is none that this installation gave.', { cause: error });
}
