/** Pieces that the routes' JSON schemas are made of. */

export const instant = { type: 'string', format: 'date-time' } as const;
export const nullableInstant = { type: ['string', 'null'], format: 'date-time' } as const;
export const nullableText = { type: ['string', 'null'] } as const;
/** Of environments, keys, Swarm nodes. */
export const identifier = { type: 'string', pattern: '^[a-z0-9]{1,64}$' } as const;
export const idParams = { type: 'object', required: ['id'], properties: { id: identifier } } as const;
export const noContent = { type: 'null', description: 'Done.' } as const;

export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 50, description: 'How many items at most.' },
  cursor: { type: 'string', minLength: 1, maxLength: 512, description: 'Where to go on: nextCursor of the page before.' },
} as const;

/** Of lists that people scroll through: a place far down is one request, and a page is asked for again where it is. */
export const offset = { type: 'integer', minimum: 0, maximum: 10_000_000, default: 0, description: 'How many are left out before the page, after the cursor where there is one: for who shows a part of the list by its place.' } as const;

/** Of routes that change what somebody else may be changing too. */
export const ifMatch = {
  type: 'object',
  properties: { 'if-match': { type: 'string', description: 'The ETag of the answer that the change is made on: where it was changed meanwhile nothing happens, and the answer is 412 `precondition-failed`.' } },
} as const;

/** Of routes that create something. */
export const idempotencyKey = {
  type: 'object',
  properties: { 'idempotency-key': { type: 'string', description: 'Made by the caller, such as a UUID: a request that is repeated with it within the hour gets the first one’s answer, and nothing is made twice.' } },
} as const;

/** Marks a property that answers do not always have; the others they have, without a word. */
export const SOMETIMES = 'x-sometimes';

/** Such a property. */
export function sometimes<Schema extends object>(schema: Schema): Schema {
  return { ...schema, [SOMETIMES]: true };
}

/** No body, or an empty object. */
export const nothing = { type: ['object', 'null'], additionalProperties: false } as const;

/** An answer that is no JSON of ours. */
export function contentOf(mediaType: string, description: string): object {
  return { description, content: { [mediaType]: { schema: { type: 'string' } } } };
}

/** A page of a list. */
export function pageOf(items: object, total: object = { type: 'integer' }): object {
  return {
    type: 'object',
    required: ['items', 'nextCursor', 'total'],
    properties: { items: { type: 'array', items }, nextCursor: nullableText, total },
  };
}

/** An object of exactly these properties; with an example where it is a body, for whoever reads the description. */
export function exactly(properties: Readonly<Record<string, object>>, required: readonly string[] = [], example?: object): object {
  return { type: 'object', additionalProperties: false, required, properties, ...(example === undefined ? {} : { examples: [example] }) };
}
