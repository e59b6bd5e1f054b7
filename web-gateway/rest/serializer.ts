/** Writes answers by the routes' schemas. */
import serializerCompiler from '@fastify/fast-json-stringify-compiler';
import type { FastifyInstance } from 'fastify';

type Serialize = (answer: unknown) => string;

/** Sets it up on an instance that has no routes yet. As fastify does it, but each schema is compiled when its first answer is written: a start waits for none. */
export function useSerializer(app: FastifyInstance): void {
  const compile = serializerCompiler()();
  app.setSerializerCompiler(({ schema, method, url, httpStatus = '' }) => {
    let serialize: Serialize | undefined;
    return (answer) => {
      serialize ??= compile({ schema, method, url, httpStatus });
      return serialize(answer);
    };
  });
}
