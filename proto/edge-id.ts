/** The Edge ID: the UUID that an agent keeps for life. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Thrown for text that is no UUID. The message says what to do and does not repeat the text. */
export class EdgeIdError extends Error {
  override readonly name = 'EdgeIdError';
  readonly code = 'malformed-edge-id';

  constructor() {
    super('the Edge ID (EDGE_ID) is not a UUID such as 7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11; copy it again from the environment');
  }
}

/** Whether text is an Edge ID as it travels and is stored: a UUID of any version in lower case. */
export function isEdgeId(text: string): boolean {
  return UUID.test(text);
}

/** Reads an Edge ID as people type it: any case, blanks around it. Returns it in lower case. Throws {@link EdgeIdError}. */
export function parseEdgeId(text: string): string {
  const edgeId = text.trim().toLowerCase();
  if (!isEdgeId(edgeId)) throw new EdgeIdError();
  return edgeId;
}
