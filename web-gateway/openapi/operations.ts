/** What every operation of the description has in common: who may call it, what it is called, and how it fails. */
import { problemTable } from '../problems/problem-table.ts';
import type { DeclaredRoute } from '../rest/rest-app.ts';
import { SOMETIMES } from '../rest/schemas/json-schema.ts';
import { operationId } from './operation-id.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
type Method = (typeof METHODS)[number];

/** As much of OpenAPI as is looked at here. The published types know no exact optional properties. */
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>;
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: object }>> };
}

/** An OpenAPI document on its way. */
export interface Description {
  readonly paths?: Readonly<Record<string, Partial<Record<Method, Operation>>>>;
  readonly components?: object;
}

const SECURITY = [{ apiKey: [] }, { session: [] }];

/** Shared by all operations. */
const problemComponents = {
  securitySchemes: {
    apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'hp_…', description: 'An API key.' },
    session: { type: 'apiKey', in: 'cookie', name: '__Host-homeport', description: 'A session’s cookie; changes need the header X-Homeport-CSRF: 1.' },
  },
  schemas: {
    Problem: {
      type: 'object',
      description: 'RFC 9457 problem details.',
      required: ['type', 'title', 'status', 'detail', 'code'],
      properties: {
        type: { type: 'string', description: 'urn:homeport:error:CODE' },
        title: { type: 'string', description: 'The same for every occurrence.' },
        status: { type: 'integer', minimum: 400, maximum: 599 },
        detail: { type: 'string', description: 'What happened this time, and what to do where that is known.' },
        code: { type: 'string', enum: Object.keys(problemTable).sort(), description: 'Does not change; docs/errors.md explains each.' },
        errors: {
          type: 'array',
          description: 'Each fault of the input.',
          items: {
            type: 'object',
            required: ['reason'],
            additionalProperties: false,
            properties: { pointer: { type: 'string', description: 'A JSON Pointer into the body.' }, parameter: { type: 'string' }, reason: { type: 'string' } },
          },
        },
        instance: { type: 'string', description: 'urn:uuid:… of the request; the $correlationId of the events it caused.' },
      },
      additionalProperties: false,
      examples: [{ type: 'urn:homeport:error:name-taken', title: 'Another environment has that name', status: 409, detail: 'An environment named factory exists already.', code: 'name-taken', errors: [{ pointer: '/name', reason: 'an environment named factory exists already' }] }],
    },
  },
  responses: {
    Problem: { description: 'It failed; `code` says how. With 429, 503 and 504 Retry-After says when to try again.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  },
};

/** Returns the document with all of it; the rest stays as it was collected. Throws where two operations would have one name. */
export function completeOperations(document: Description, routes: readonly DeclaredRoute[]): object {
  const accessOf = new Map(routes.map(({ method, url, access }) => [`${method} ${url.replace(/:(\w+)/g, '{$1}')}`, access]));
  const seen = new Set<string>();
  const paths: Record<string, Partial<Record<Method, object>>> = {};
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const completed: Partial<Record<Method, object>> = {};
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const name = operation.operationId ?? operationId(operation.summary ?? '');
      if (name === '' || seen.has(name)) throw new Error(`the operation ${method} ${path} needs an operationId of its own`);
      seen.add(name);
      completed[method] = complete(operation, { name, path, access: accessOf.get(`${method.toUpperCase()} ${path}`) ?? 'admin' });
    }
    paths[path] = completed;
  }
  // The collected components hold only what routes shared by reference.
  return { ...document, components: { ...document.components, ...problemComponents }, paths };
}

function complete(operation: Operation, { name, path, access }: { readonly name: string; readonly path: string; readonly access: string }): object {
  const { requestBody, ...rest } = operation;
  const who = access === 'public' ? 'For everyone, signed in or not.' : `For the role ${access}${access === 'admin' ? '' : ' and above'}.`;
  return {
    ...rest,
    // What takes no body is declared as taking an empty one, so that others are refused.
    ...(requestBody === undefined || !takesBody(requestBody) ? {} : { requestBody }),
    operationId: name,
    tags: operation.tags ?? [tagOf(path)],
    description: [operation.description, who].filter((text) => text !== undefined).join('\n\n'),
    security: access === 'public' ? [] : SECURITY,
    responses: { ...described(operation.responses), default: { $ref: '#/components/responses/Problem' } },
  };
}

/** An answer without words of its own is what the summary says. */
function described(responses: Readonly<Record<string, { readonly description?: string }>> = {}): object {
  const complete: Record<string, unknown> = {};
  for (const [status, response] of Object.entries(responses)) complete[status] = withRequired(response.description === 'Default Response' ? { ...response, description: 'As asked.' } : response);
  return complete;
}

/**
 * What answers have, they have always, unless a schema says otherwise: by a list of its own, or of a property by {@link SOMETIMES}. So that
 * whoever generates types from the description need not ask for each field whether it is there.
 */
function withRequired(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((one: unknown) => withRequired(one));
  if (typeof schema !== 'object' || schema === null) return schema;
  const completed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema as Readonly<Record<string, unknown>>)) {
    if (key !== SOMETIMES) completed[key] = key === 'examples' ? value : withRequired(value);
  }
  const { properties } = schema as { readonly properties?: unknown };
  if (typeof properties !== 'object' || properties === null || 'required' in schema) return completed;
  return { ...completed, required: Object.entries(properties).flatMap(([name, value]) => (typeof value === 'object' && value !== null && SOMETIMES in value ? [] : [name])) };
}

function takesBody({ content = {} }: NonNullable<Operation['requestBody']>): boolean {
  const [first] = Object.values(content);
  return first?.schema !== undefined && 'properties' in first.schema;
}

/** The first part of the path below the version: environments, settings… */
function tagOf(path: string): string {
  const [first = ''] = path.replace(/^\/api\/v1\//, '').replace(/^\//, '').split('/');
  return path.startsWith('/api/v1/') ? first : first === 'agent' ? 'agent' : 'health';
}
