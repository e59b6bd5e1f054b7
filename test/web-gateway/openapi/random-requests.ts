/** Random and malformed requests, made from the description: what it names, with values that nobody would send. Seeded. */
import type { Dice } from '../../support/fleet/seed.ts';
import type { Operation } from './described-interface.ts';

export interface RandomRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}




const STRANGE_TEXT = ['', ' ', '0', '-1', 'null', 'true', '[]', '{}', '"', "'", '\\', '../..', '%00', '%', 'é', '🚢', '__proto__', 'constructor', 'a'.repeat(129), 'a'.repeat(5000), '1e999', '9007199254740993', '2026-13-45T99:99:99Z', '2026-12-31T23:59:60Z', '2026-01-31T12:00:00.000Z', "1' OR '1'='1", '<script>', '*', 'up', 'asc', 'admin'] as const;
const STRANGE_JSON: readonly unknown[] = [null, true, false, 0, -1, 1.5, 2 ** 53, '', 'x', 'é'.repeat(300), [], [[]], {}, { a: { b: { c: [] } } }, [null], ['a', 1], '2026-01-31T12:00:00.000Z', '-0', 1e308];
const STRANGE_BODIES = ['', '{', '[', 'null', '"text"', '{"a":1,"a":2}', '{"__proto__":{}}', '\u0000', '{"x":"\ud800"}', '[' .repeat(2000), 'NaN', '{"n":1e9999}'] as const;
const TYPES = ['application/json', 'application/merge-patch+json', 'text/plain', 'application/json; charset=utf-16', 'multipart/form-data', ''] as const;

/** The next request. `known` are ids that exist, so that some requests get further. */
export function randomRequest(operations: readonly Operation[], known: readonly string[], dice: Dice): RandomRequest {
  const pick = <One>(from: readonly One[]): One => from[dice(from.length)] as One;
  const chance = (share: number): boolean => dice(1000) < share * 1000;
  const operation = pick(operations);

  const text = (): string => (chance(0.5) ? pick(STRANGE_TEXT) : pick(known));
  const path = operation.path.replace(/\{\w+\}/g, () => (chance(0.6) ? pick(known) : encodeURIComponent(text()).replaceAll('.', '%2E')));
  const named = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
  const query = [...named.filter(() => chance(0.3)), ...(chance(0.1) ? ['nonsense'] : [])].map((name) => `${name}=${chance(0.9) ? encodeURIComponent(text()) : text().replace(/[^\x21-\x7e]|[#\s]/g, '%zz')}`).join('&');
  const headers: Record<string, string> = {};
  for (const { name } of (operation.parameters ?? []).filter((one) => one.in === 'header')) if (chance(0.3)) headers[name] = pick(['"x"', '*', 'k', 'a b', 'x'.repeat(300)]);
  if (chance(0.05)) headers['homeport-after'] = pick(['1', 'x', '-1', '9'.repeat(30)]);
  let body: string | undefined;
  if (operation.method !== 'GET' && chance(0.8)) {
    headers['content-type'] = chance(0.85) ? 'application/json' : pick(TYPES);
    body = chance(0.15) ? pick(STRANGE_BODIES) : JSON.stringify(strangeBody(operation, pick, chance));
  }
  return { operation, method: chance(0.03) ? pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) : operation.method, target: query === '' ? path : `${path}?${query}`, headers, body };
}

function strangeBody({ requestBody }: Operation, pick: <One>(from: readonly One[]) => One, chance: (share: number) => boolean): unknown {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema as { readonly properties?: Readonly<Record<string, { readonly type?: unknown; readonly enum?: readonly unknown[] }>> } | undefined;
  if (schema?.properties === undefined || chance(0.1)) return pick(STRANGE_JSON);
  const entries = Object.entries(schema.properties).filter(() => chance(0.6));
  return Object.fromEntries([...entries.map(([name, { enum: allowed }]) => [name, allowed !== undefined && chance(0.5) ? pick(allowed) : pick(STRANGE_JSON)]), ...(chance(0.1) ? [['nonsense', 1]] : [])]);
}
