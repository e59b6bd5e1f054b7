/** The OpenID provider: where browsers are sent to sign in (authorization code with PKCE, state and nonce), and who came back. */
import * as client from 'openid-client';
import type { Logger } from 'pino';
import type { ProvenIdentity } from '../../services/application/ports/accounts.ts';
import { highestRole } from '../../services/application/role-rank.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { createProviderFetch } from './provider-fetch.ts';
import type { OpenIdConnectSettings } from './settings.ts';

/** What one sign-in is checked by when the browser comes back. Secret but for the redirect. */
export interface SignInChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUrl: string;
}

export interface OpenIdProvider {
  /** Where to send the browser. Throws {@link GatewayError} openid-connect-unavailable. */
  begin(redirectUrl: string): Promise<{ readonly url: string; readonly checks: SignInChecks }>;
  /** @param query what the provider sent the browser back with. Throws {@link GatewayError} openid-connect-unavailable and openid-connect-failed. */
  complete(query: string, checks: SignInChecks): Promise<ProvenIdentity>;
}

/** In seconds, of one request to the provider. */
const TIMEOUT_SECONDS = 10;
/** How long what it says of itself is taken to be so. */
const DISCOVERED_MS = 3600_000;
/** Codes of the library for a provider that answers late, or not as one. */
const AWAY: ReadonlySet<string> = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

export function createOpenIdProvider(settings: OpenIdConnectSettings, logger: Logger): OpenIdProvider {
  const { issuer, clientId, clientSecret, scope = 'openid profile email', groupsClaim = 'groups', roles, caPem } = settings;
  let discovered: { readonly untilMs: number; readonly configuration: Promise<client.Configuration> } | undefined;

  /** Asked when it is needed first: a provider that is away must not keep the server from starting. */
  function configuration(): Promise<client.Configuration> {
    if (discovered !== undefined && discovered.untilMs > Date.now()) return discovered.configuration;
    const asked = client.discovery(new URL(issuer), clientId, undefined, clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret), {
      timeout: TIMEOUT_SECONDS,
      [client.customFetch]: createProviderFetch(caPem),
    });
    const known = asked.catch((error: unknown) => {
      discovered = undefined;
      logger.warn({ issuer, reason: reasonOf(error) }, 'the OpenID provider does not answer as one');
      throw away(error);
    });
    discovered = { untilMs: Date.now() + DISCOVERED_MS, configuration: known };
    return known;
  }

  /** Groups are in the ID token of some providers, with others only at its userinfo endpoint. */
  async function claimsOf(config: client.Configuration, tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>): Promise<Record<string, unknown>> {
    const claims: Record<string, unknown> = { ...tokens.claims() };
    const subject = claims['sub'];
    if (groupsClaim in claims || config.serverMetadata().userinfo_endpoint === undefined || typeof subject !== 'string') return claims;
    return { ...(await client.fetchUserInfo(config, tokens.access_token, subject)), ...claims };
  }

  return {
    async begin(redirectUrl) {
      try {
        const config = await configuration();
        const checks = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier: client.randomPKCECodeVerifier(), redirectUrl };
        const url = client.buildAuthorizationUrl(config, {
          redirect_uri: redirectUrl,
          scope,
          state: checks.state,
          nonce: checks.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(checks.codeVerifier),
          code_challenge_method: 'S256',
        });
        return { url: url.href, checks };
      } catch (error) {
        throw failure(error);
      }
    },

    async complete(query, { state, nonce, codeVerifier, redirectUrl }) {
      try {
        const config = await configuration();
        const url = new URL(redirectUrl);
        url.search = query;
        const tokens = await client.authorizationCodeGrant(config, url, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true });
        const claims = await claimsOf(config, tokens);
        const given = [claims[groupsClaim] ?? []].flat().flatMap((group) => (typeof group === 'string' ? (roles.get(group) ?? []) : []));
        return { issuer: config.serverMetadata().issuer, subject: String(claims['sub']), username: nameOf(claims), role: highestRole(given) };
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

function nameOf(claims: Readonly<Record<string, unknown>>): string {
  for (const name of ['preferred_username', 'email', 'name', 'sub']) {
    const value = claims[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

/** In our own words: the library's may hold what the provider sent. What it refused, or what does not fit, is told from its being away. */
function failure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof client.AuthorizationResponseError) {
    return new GatewayError('openid-connect-failed', `The provider refused (${word(error.error)}). Sign in again.`, { cause: error });
  }
  if (error instanceof client.ResponseBodyError) return new GatewayError('openid-connect-failed', `The provider did not take its own code (${word(error.error)}). Sign in again.`, { cause: error });
  // What the library has no code for is what the network did.
  const code = error instanceof client.ClientError ? error.code : 'none';
  if (code === undefined || AWAY.has(code)) return away(error);
  return new GatewayError('openid-connect-failed', 'What the provider sent does not fit this sign-in. Sign in again.', { cause: error });
}

function away(error: unknown): GatewayError {
  return new GatewayError('openid-connect-unavailable', 'The OpenID provider does not answer as one. Try again, or sign in with a password.', { cause: error });
}

/** An error code of the provider's, which anybody can write into the address. */
function word(text: string): string {
  return /^[a-z_]{1,60}$/.test(text) ? text : 'unknown reason';
}

/** What lies at the bottom of it: such as that the certificate is not trusted. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? reasonOf(error.cause) : error instanceof Error ? error.message : String(error);
}
