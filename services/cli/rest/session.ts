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

/**
 * Signs in with a password for as long as it takes to create an API key, by default of the user's own role. Answers what the server does.
 * Throws CliError `wrong-credentials`.
 */
export async function createApiKey<Key extends ApiKey>(
  client: RestClient,
  credentials: { readonly username: string; readonly password: string },
  wanted: { readonly name: string; readonly role?: string; readonly expiresAt?: string | null },
): Promise<Key> {
  const signedIn = await client.call('POST', '/sessions', { body: credentials });
  const { role } = signedIn.body as Session;
  const cookie = (signedIn.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
  const headers = { cookie, origin: client.transport.url.origin, 'x-homeport-csrf': '1' };
  try {
    return (await client.call('POST', '/api-keys', { body: { role, ...wanted }, headers })).body as Key;
  } finally {
    await client.call('DELETE', '/sessions/current', { headers }).catch(() => undefined);
  }
}
