/** What is wrong with a list's cursor, in the words of the interface. */
import { GatewayError } from '../problems/gateway-error.ts';

/** The page, or {@link GatewayError} invalid-cursor where the read models took the cursor for none of theirs. */
export async function page<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return asked.catch((error: unknown) => {
    throw error instanceof RangeError ? new GatewayError('invalid-cursor', 'The cursor is none that a page of this list gave.') : error;
  });
}
