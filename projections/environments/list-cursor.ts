/** The place in the list of environments after which the next page begins: opaque text for those who ask. */

/** The last environment of a page, by the order of the list. */
export interface ListPlace {
  readonly nameFolded: string;
  readonly environmentId: string;
}

export function encodeCursor({ nameFolded, environmentId }: ListPlace): string {
  return Buffer.from(JSON.stringify([nameFolded, environmentId])).toString('base64url');
}

/** Throws RangeError on text that {@link encodeCursor} did not give. */
export function decodeCursor(cursor: string): ListPlace {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === 2) {
      const [nameFolded, environmentId] = parts as unknown[];
      if (typeof nameFolded === 'string' && typeof environmentId === 'string') return { nameFolded, environmentId };
    }
  } catch {
    // Told below, with all else that is no cursor.
  }
  throw new RangeError('the cursor was not given by a page of this list');
}
