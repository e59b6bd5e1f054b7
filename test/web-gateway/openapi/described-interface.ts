/** The description of a running server's REST interface, and what it says an answer looks like. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { RestAnswer } from '../../e2e/docker/support/rest.ts';

interface Media {
  readonly schema?: object;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}

/** As much of an operation as is looked at here. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface DescribedInterface {
  readonly document: object;
  readonly operations: ReadonlyMap<string, Operation>;
  /** What is wrong with an answer by the description; undefined where nothing is. */
  faultOf(operation: Operation, answer: RestAnswer): string | undefined;
}

/** Reads the description. */
export function readDescription(text: string): DescribedInterface {
  const document = JSON.parse(text) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>; readonly components: { readonly responses: Readonly<Record<string, Response>> } };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'document', ...document });
  const operations = new Map<string, Operation>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) operations.set(operation.operationId, { ...operation, method: method.toUpperCase(), path });
  }

  const validators = new Map<string, ValidateFunction>();
  /** Compiled once for each kind of answer. */
  function validatorOf(kind: string, schema: object): ValidateFunction {
    const known = validators.get(kind) ?? ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object);
    validators.set(kind, known);
    return known;
  }

  return {
    document,
    operations,
    faultOf({ operationId, responses }, { status, headers, body }) {
      const named = responses[String(status)] ?? (status >= 400 ? responses['default'] : undefined);
      if (named === undefined) return `${operationId} answers ${String(status)}, which is not described: ${body}`;
      const response = named.$ref === undefined ? named : document.components.responses[named.$ref.split('/').at(-1) ?? ''];
      const type = headers['content-type']?.split(';')[0] ?? '';
      if (response?.content === undefined) return status === 204 && body !== '' ? `${operationId} answers 204 with a body` : undefined;
      const media = response.content[type];
      if (media === undefined) return `${operationId} answers ${String(status)} as ${type}, described are ${Object.keys(response.content).join(', ')}`;
      if (media.schema === undefined || !type.endsWith('json')) return undefined;
      const isAsDescribed = validatorOf(`${operationId} ${named === responses['default'] ? 'default' : String(status)} ${type}`, media.schema);
      const texts = type === 'application/x-ndjson' ? body.trimEnd().split('\n') : [body];
      return texts.every((one) => isAsDescribed(JSON.parse(one))) ? undefined : `${operationId} answers ${String(status)}: ${ajv.errorsText(isAsDescribed.errors)}: ${body}`;
    },
  };
}
