/** Checks requests against the routes' schemas: bodies as strictly as they are written, parameters as the text they are. */
import ajvCompiler, { type Ajv } from '@fastify/ajv-compiler';
import type { FastifyInstance, FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import { GatewayError, type InputFault } from '../problems/gateway-error.ts';

/** It is called with the whole route, whatever its own type says. */
type Compile = FastifySchemaCompiler<unknown>;
type Validate = ReturnType<Compile>;

const MOST_FAULTS = 20;
/** Nothing is removed or guessed: what a client sends by mistake is said, not swallowed. */
const OPTIONS = { allErrors: true, removeAdditional: false, useDefaults: true, allowUnionTypes: true } as const;

/** Sets it up on an instance that has no routes yet. */
export function useValidator(app: FastifyInstance): void {
  const build = ajvCompiler.AjvCompiler();
  const onCreate = narrowInstants;
  const strict = build({}, { customOptions: { ...OPTIONS, coerceTypes: false }, onCreate }) as unknown as Compile;
  // A parameter that may be repeated may also be sent once.
  const lenient = build({}, { customOptions: { ...OPTIONS, coerceTypes: 'array' }, onCreate }) as unknown as Compile;
  app.setValidatorCompiler((route) => compiledWhenUsed(() => (route.httpPart === 'body' ? strict : lenient)(route)));
  app.setSchemaErrorFormatter((errors, part) => {
    const faults = errors.slice(0, MOST_FAULTS).map((error) => faultOf(error, part));
    return new GatewayError('invalid-request', faults.map(sentence).join(' '), { faults });
  });
}

/** Compiling takes a millisecond or more, and there are hundreds of schemas: a start waits for none, and most servers are never asked for most. */
function compiledWhenUsed(compile: () => Validate): Validate {
  let compiled: Validate | undefined;
  const validate: Validate = (data) => {
    compiled ??= compile();
    const isValid = compiled(data);
    // This is where fastify looks for them, at once.
    validate.errors = compiled.errors ?? null;
    return isValid;
  };
  return validate;
}

/** RFC 3339 knows leap seconds, JavaScript's dates do not: such an instant is refused, not misread. */
function narrowInstants(ajv: Ajv): void {
  const known = ajv.formats['date-time'];
  const isInstant = typeof known === 'object' && 'validate' in known && typeof known.validate === 'function' ? known.validate : undefined;
  if (isInstant === undefined) throw new Error('ajv-formats has no validating date-time any more.');
  ajv.addFormat('date-time', { type: 'string', validate: (text: string) => isInstant(text as never) === true && !Number.isNaN(Date.parse(text)) });
}

/** JSON is the only body there is, in its two names; an empty one is none, whatever it is called. */
export function useJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
  // Many clients name a type although they send nothing.
  app.addContentTypeParser('*', ({ headers }, _body, done) => {
    const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
    done(isEmpty ? null : new GatewayError('unsupported-media-type', 'Send the body as application/json.'), undefined);
  });
}

function faultOf({ instancePath, keyword, params, message }: FastifySchemaValidationError, part: string): InputFault {
  const named = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined;
  const pointer = typeof named === 'string' ? `${instancePath}/${named.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath;
  const reason = reasonOf(keyword, params, message);
  return part === 'body' ? { pointer, reason } : { parameter: pointer.slice(1), reason };
}

function reasonOf(keyword: string, params: Record<string, unknown>, message: string | undefined): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not known here';
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) return `must be one of ${params['allowedValues'].join(', ')}`;
  if (keyword === 'minLength' && params['limit'] === 1) return 'must not be empty';
  return message ?? 'is not valid';
}

function sentence({ pointer, parameter, reason }: InputFault): string {
  const name = parameter ?? pointer ?? '';
  return `${name === '' ? 'The body' : name} ${reason}.`;
}
