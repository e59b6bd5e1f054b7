/** Signing in by OpenID Connect: whether one can, off to the provider, and back. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { failurePage, onwardPage } from '../../openid-connect/page.ts';
import type { OpenIdProvider } from '../../openid-connect/provider.ts';
import type { OpenIdConnectSettings } from '../../openid-connect/settings.ts';
import { createSignInCookie } from '../../openid-connect/sign-in-cookie.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { problemOf } from '../../problems/problem.ts';
import { sessionCookie } from '../../security/session-cookie.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { originOf } from '../route-config.ts';
import { exactly, nullableText } from '../schemas/json-schema.ts';

const CALLBACK = '/api/v1/oidc/callback';
const HOST = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;
/** A path on this server: what a browser would take for another is none. */
const PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

export function registerOpenIdConnect(app: FastifyInstance, { accounts, openIdConnect, logger }: RestDependencies): void {
  const signIn = openIdConnect === undefined ? undefined : { ...openIdConnect, provider: providerWhenNeeded(openIdConnect.settings, logger), cookie: createSignInCookie(openIdConnect.key) };

  app.get(
    '/oidc',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether one can sign in by OpenID Connect',
        operationId: 'describeOpenIdConnect',
        response: { 200: { type: 'object', properties: { issuer: nullableText, signInPath: { ...nullableText, description: 'Where to send the browser; null where it is not set up.' } } } },
      },
    },
    () => Promise.resolve({ issuer: openIdConnect?.settings.issuer ?? null, signInPath: openIdConnect === undefined ? null : '/api/v1/oidc/sign-in' }),
  );

  app.get<{ Querystring: { returnTo: string } }>(
    '/oidc/sign-in',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Go to the provider to sign in',
        operationId: 'beginOpenIdConnect',
        querystring: exactly({ returnTo: { type: 'string', maxLength: 1024, default: '/', description: 'A path on this server to go on to.' } }),
      },
    },
    (request, reply) =>
      orPage(request, reply, async () => {
        if (signIn === undefined) throw off();
        const { returnTo } = request.query;
        if (!PATH.test(returnTo)) throw new GatewayError('invalid-request', 'returnTo is a path on this server.', { faults: [{ parameter: 'returnTo', reason: 'must begin with one slash' }] });
        const provider = await signIn.provider();
        const { url, checks } = await provider.begin(signIn.settings.redirectUrl ?? callbackAt(request.headers.host));
        return reply.code(303).headers({ location: url, 'set-cookie': signIn.cookie.of({ checks, returnTo }) }).send();
      }),
  );

  app.get(
    '/oidc/callback',
    { config: { access: 'public' }, schema: { summary: 'Come back from the provider', operationId: 'endOpenIdConnect', description: 'For browsers that the provider sends.', querystring: { type: 'object', additionalProperties: true, properties: { code: { type: 'string' }, state: { type: 'string' }, error: { type: 'string' } } } } },
    (request, reply) =>
      orPage(request, reply, async () => {
        if (signIn === undefined) throw off();
        const { cookie } = signIn;
        const started = cookie.read(request.headers.cookie);
        // Good for one attempt.
        reply.header('set-cookie', cookie.ended);
        if (started === undefined) throw new GatewayError('openid-connect-failed', 'This browser began no sign-in here, or more than ten minutes ago. Sign in again.');
        const query = request.url.slice(request.url.indexOf('?') + 1);
        const provider = await signIn.provider();
        const { token, principal } = await accounts.signInByIdentity(() => provider.complete(query, started.checks), originOf(request));
        reply.header('set-cookie', sessionCookie(token, principal.session?.expiresAt ?? ''));
        return reply.type('text/html; charset=utf-8').send(onwardPage(started.returnTo));
      }),
  );
}

/** The library is loaded when somebody signs in by it: most installations have no provider. */
function providerWhenNeeded(settings: OpenIdConnectSettings, logger: Logger): () => Promise<OpenIdProvider> {
  let provider: Promise<OpenIdProvider> | undefined;
  return () => (provider ??= import('../../openid-connect/provider.ts').then(({ createOpenIdProvider }) => createOpenIdProvider(settings, logger)));
}

function off(): GatewayError {
  return new GatewayError('openid-connect-off', 'Signing in by OpenID Connect is not set up here.');
}

/** The provider sends browsers to registered addresses alone, so that a forged Host leads nowhere. */
function callbackAt(host: string | undefined): string {
  if (host === undefined || !HOST.test(host)) throw new GatewayError('malformed-request', 'The request has no Host that could be called back.');
  return `https://${host}${CALLBACK}`;
}

/** Where a person looks at the answer, an error is a page. */
async function orPage(request: FastifyRequest, reply: FastifyReply, handle: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await handle();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === 'internal-error' || !(request.headers.accept ?? '').includes('text/html')) throw error;
    return reply.code(problem.status).headers(problem.headers).type('text/html; charset=utf-8').send(failurePage(problem));
  }
}
