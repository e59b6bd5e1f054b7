/** The web UI's own files, as Vite built them. Every other path that a browser goes to is one of its pages. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../problems/gateway-error.ts';
import { securityHeaders } from '../../security/security-headers.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { LONGEST_PARAMETER } from '../route-config.ts';
import { endUnreadAnswers } from '../unread-answers.ts';

/** Beside the sources in a checkout, beside their JavaScript in the published package. */
const BUILT = path.join(import.meta.dirname, '..', '..', 'ui', 'dist');

/**
 * Its scripts are its own files, and it asks this server alone. Its components set styles in elements of the page, as the terminal and
 * the plots do.
 */
const POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "connect-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
].join('; ');
const HEADERS = { ...securityHeaders, 'content-security-policy': POLICY };
/** What is named by its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Whose paths are never a page's. */
const NOT_PAGES = /^\/(?:api|agent|assets|healthz|livez|readyz|metrics|ca\.pem)(?:\/|$)/;

/** The route of all pages: it has every address that no other route has. */
export const PAGES = '/*';

export function registerWebUi(app: FastifyInstance, { limits }: Pick<RestDependencies, 'limits'>): void {
  const config = { access: 'public', undocumented: true } as const;
  endUnreadAnswers(app, limits.downloadStallMs);
  app.register(fastifyStatic, { root: BUILT, serve: false, preCompressed: true, cacheControl: false, dotfiles: 'deny' });
  // After the app's own, which is for data.
  app.addHook('onSend', (request, reply, payload, done) => {
    const isAsset = request.routeOptions.url === '/assets/*';
    if (reply.statusCode < 400) reply.headers({ ...HEADERS, 'cache-control': isAsset ? FOR_EVER : 'no-cache' });
    done(null, payload);
  });

  app.get<{ Params: { '*': string } }>('/assets/*', { config }, (request, reply) => reply.sendFile(`assets/${request.params['*']}`));
  app.get('/favicon.svg', { config }, (_request, reply) => reply.sendFile('favicon.svg'));
  app.get(PAGES, { config }, (request, reply) => {
    // A route that takes no part of that length is passed over, and this one comes last.
    if (request.url.replace(/\?.*$/s, '').split('/').some((part) => part.length > LONGEST_PARAMETER)) throw new GatewayError('invalid-path', 'The path holds a part that is too long.');
    // Whoever looks whether there is a server asks for its root, and by curl for no kind of answer.
    const isPage = /^\/(?:\?|$)/.test(request.url) || (!NOT_PAGES.test(request.url) && (request.headers.accept ?? '').includes('text/html'));
    if (!isPage) throw new GatewayError('not-found', 'Nothing is at this address.');
    if (!existsSync(path.join(BUILT, 'index.html'))) throw new GatewayError('not-found', 'The web UI is not built: stop the server, and start it with npm start.');
    return reply.sendFile('index.html');
  });
}
