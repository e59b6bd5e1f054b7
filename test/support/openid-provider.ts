/** A real OpenID provider on loopback with TLS, that signs in at once whoever is named as the one who sits there. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { makeServerCertificate } from './certificates.ts';

/** Somebody whom the provider knows. */
export interface Person {
  readonly subject: string;
  readonly preferred_username: string;
  readonly groups: readonly string[];
}

export interface TestOpenIdProvider {
  readonly issuer: string;
  /** The authority of its certificate, PEM. */
  readonly ca: string;
  /** Who signs in from now on; null is somebody who presses cancel. */
  sits(person: Person | null): void;
  /** Takes a client in: what came before was refused. Groups are told in the ID token, or at the userinfo endpoint alone. */
  register(client: { readonly id: string; readonly secret: string; readonly redirectUrl: string; readonly groupsIn?: 'id-token' | 'userinfo' }): void;
  close(): Promise<void>;
}

/** Starts it. */
export async function startOpenIdProvider(): Promise<TestOpenIdProvider> {
  const { ca, cert, key } = await makeServerCertificate();
  const signingKey = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig' };
  const memory = createMemory();
  let person: Person | null = null;
  const people = new Map<string, Person>();
  let answer: RequestListener = (_req, res) => void res.writeHead(503).end();
  const server = createServer({ cert, key }, (req, res) => answer(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;

  async function interact(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
    if (person === null) return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'pressed cancel' });
    if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: person.subject, remember: false } });
    const grant = grantId === undefined ? new provider.Grant({ accountId: session?.accountId, clientId: params.client_id }) : await provider.Grant.find(grantId);
    grant.addOIDCScope('openid profile email');
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }

  return {
    issuer,
    ca,
    sits(next) {
      person = next;
      if (next !== null) people.set(next.subject, next);
    },
    register({ id, secret, redirectUrl, groupsIn = 'id-token' }) {
      const provider = new Provider(issuer, {
        clients: [{ client_id: id, client_secret: secret, redirect_uris: [redirectUrl], grant_types: ['authorization_code'], response_types: ['code'] }],
        claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
        conformIdTokenClaims: groupsIn === 'userinfo',
        pkce: { required: () => true },
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
        cookies: { keys: ['of the test'] },
        // Its own defaults are for a quick start, and it says so at length.
        adapter: memory,
        jwks: { keys: [signingKey] },
        ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
        findAccount: (_context, subject) => ({ accountId: subject, claims: () => Promise.resolve({ sub: subject, ...people.get(subject) }) }),
      });
      const callback = provider.callback();
      answer = (req, res) => {
        if (req.url?.startsWith('/interaction/') === true) void interact(provider, req, res);
        else void callback(req, res);
      };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Where the provider keeps its things. */
function createMemory(): (model: string) => Record<string, (...args: never[]) => Promise<unknown>> {
  const things = new Map<string, Record<string, unknown>>();
  return (model) => {
    const find = (property: string, value: string): unknown => [...things].find(([name, thing]) => name.startsWith(`${model} `) && thing[property] === value)?.[1];
    return {
      upsert: async (id: string, thing: Record<string, unknown>) => void things.set(`${model} ${id}`, thing),
      find: async (id: string) => things.get(`${model} ${id}`),
      findByUid: async (uid: string) => find('uid', uid),
      findByUserCode: async (code: string) => find('userCode', code),
      destroy: async (id: string) => void things.delete(`${model} ${id}`),
      consume: async (id: string) => void Object.assign(things.get(`${model} ${id}`) ?? {}, { consumed: Date.now() }),
      revokeByGrantId: async (grantId: string) => {
        for (const [name, thing] of things) if (thing['grantId'] === grantId) things.delete(name);
      },
    };
  };
}
