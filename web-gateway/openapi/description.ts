/** The REST interface described by its own routes: OpenAPI 3.1, and a page to browse it and try it out. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import type { DeclaredRoute } from '../rest/rest-app.ts';
import { completeOperations, type Description } from './operations.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of the page that shows the description: for everyone, and not described itself. */
    isPage?: boolean;
  }
}

/** Where the page is. */
export const docsPath = '/api/docs';

/** The page's scripts are its own; its styles are partly in its elements. It asks this server alone. */
const PAGE_POLICY = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'connect-src': "'self'",
  'font-src': "'self'",
  'img-src': ["'self'", 'data:'],
  'script-src': "'self'",
  'style-src': ["'self'", "'unsafe-inline'"],
} as const;

const INTRODUCTION = `Everything the web page and the command line do, they do through this interface.

Sign in by an API key as \`Authorization: Bearer hp_…\`, or by a session (\`POST /api/v1/sessions\`), whose changes need the header \`X-Homeport-CSRF: 1\`.
Errors are problem details (RFC 9457) with a stable \`code\`. Times are RFC 3339 in UTC with milliseconds; durations are whole seconds. A write is answered once reads show it;
where that takes longer than a second the answer names its position in \`Homeport-Position\`, and a GET with \`Homeport-After\` waits for it.

The Docker API of an environment is below \`/api/v1/environments/{id}/docker/\`, unchanged: this description does not repeat it.`;

/** Collects what is registered after it. Await it before the first route. */
export async function collectDescription(app: FastifyInstance, version: string, routes: () => readonly DeclaredRoute[]): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Homeport', version, description: INTRODUCTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'This control plane' }],
    },
    // What answers for methods that a path does not have comes without a schema, whatever the type says.
    transform: ({ schema, url, route }: { readonly schema: FastifySchema | undefined; readonly url: string; readonly route: RouteOptions }) => ({ schema: { ...schema, hide: route.config?.undocumented === true }, url }),
    transformObject(described) {
      if (!('openapiObject' in described)) throw new Error('only OpenAPI 3 is described');
      return completeOperations(described.openapiObject as Description, routes());
    },
  });
}

/** Adds the page; its own routes are told by `hide`. */
export function registerDocsPage(app: FastifyInstance): void {
  app.register(swaggerUi, {
    routePrefix: docsPath,
    staticCSP: { ...PAGE_POLICY, 'img-src': [...PAGE_POLICY['img-src']], 'style-src': [...PAGE_POLICY['style-src']] },
    theme: { title: 'Homeport’s REST interface' },
    uiConfig: { deepLinking: true, docExpansion: 'list', defaultModelsExpandDepth: 0 },
    validatorUrl: false,
  });
}
