/** ETag and If-Match: a change that was made on what somebody else has changed meanwhile is refused. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { EditableEnvironment, OnlyIf } from '../../services/application/ports/environments.ts';
import { GatewayError } from '../problems/gateway-error.ts';

const LIST = /^\s*(?:\*|(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*)\s*$/;

/** The tag of what can be edited of a resource, whatever else of it changes by itself. Equal content, keys in any order, has equal tags. */
export function entityTag(editable: object): string {
  const sorted = Object.entries(editable).sort(([a], [b]) => (a < b ? -1 : 1));
  return `"${createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 22)}"`;
}

/** What of an environment its tag is made of. */
export function editableEnvironment({ name, address, tunnelAddress, tags, pollIntervalSeconds }: EditableEnvironment): EditableEnvironment {
  return { name, address, tunnelAddress, tags, pollIntervalSeconds };
}

/** What If-Match demands of the current content; undefined without it. Throws {@link GatewayError} invalid-request. */
export function onlyIfMatch<Current extends object>({ headers }: Pick<FastifyRequest, 'headers'>, editable: (current: Current) => object): OnlyIf<Current> | undefined {
  const asked = headers['if-match'];
  if (asked === undefined) return undefined;
  if (!LIST.test(asked)) throw new GatewayError('invalid-request', 'If-Match takes the ETag of an earlier answer, quotes included, or *.', { faults: [{ parameter: 'If-Match', reason: 'is no entity tag' }] });
  if (asked.trim() === '*') return () => true;
  const tags = asked.split(',').map((tag) => tag.trim());
  return (current) => tags.includes(entityTag(editable(current)));
}
