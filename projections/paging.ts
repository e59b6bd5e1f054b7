/** Pages of lists: their size, and the opaque texts by which they go on. */

/** Throws RangeError where it is not 1 to 1000. */
export function checkLimit(limit: number): void {
  if (!(limit >= 1 && limit <= 1000)) throw new RangeError('a page has 1 to 1000 items');
}

/** A place in a list that is sorted by so many texts. */
export function encodePlace(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** Throws RangeError on text that {@link encodePlace} did not give for so many keys. */
export function decodePlace(cursor: string, keys: number): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === keys && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // Told below, with all else that is no cursor.
  }
  throw new RangeError('the cursor was not given by a page of this list');
}

/** A place in what is sorted by the log. */
export function encodeOrdinal(ordinal: number | null): string | null {
  return ordinal === null ? null : String(ordinal);
}

/** Null where there is no cursor. Throws RangeError on text that is none. */
export function decodeOrdinal(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const ordinal = Number(cursor);
  if (!/^[0-9]+$/.test(cursor) || !Number.isSafeInteger(ordinal)) throw new RangeError('the cursor was not given by a page of this list');
  return ordinal;
}
