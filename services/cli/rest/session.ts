/** Signing in with a password, and who one is. */
import type { RestClient } from './rest-client.ts';

/** Who is signed in. */
export interface Session {
  readonly username: string;
  readonly role: string;
}

export interface ApiKey {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
}

/** Who the client's API key stands for. Throws CliError where it is not good. */
export async function currentSession(client: RestClient): Promise<Session> {
  const { body } = await client.call('GET', '/sessions/current');
  const { username, role } = body as Session;
  return { username, role };
}

/** Signs in with a password for as long as it takes to create an API key of the user's own role. Throws CliError `wrong-credentials`. */
export async function createApiKey(client: RestClient, credentials: { readonly username: string; readonly password: string }, name: string): Promise<ApiKey> {
  const signedIn = await client.call('POST', '/sessions', { body: credentials });
  const { role } = signedIn.body as Session;
  const cookie = (signedIn.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
  const headers = { cookie, origin: client.transport.url.origin, 'x-homeport-csrf': '1' };
  try {
    const { id, secret } = (await client.call('POST', '/api-keys', { body: { name, role }, headers })).body as ApiKey;
    return { id, secret };
  } finally {
    await client.call('DELETE', '/sessions/current', { headers }).catch(() => undefined);
  }
}
