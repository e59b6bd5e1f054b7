/** Users over REST, found by name or id. */
import { CliError, misuse } from '../cli-error.ts';
import { programName } from '../program-name.ts';
import type { RestClient } from './rest-client.ts';

export const ROLES = ['admin', 'operator', 'auditor', 'metrics'] as const;

export interface Grant {
  readonly tag: string;
  readonly access: 'read' | 'full';
}

/** What the command line reads of a user. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: string;
  readonly grants: readonly Grant[];
  readonly createdAt: string;
  readonly lastSignedInAt: string | null;
}

/** All users, page after page. */
export async function listUsers(client: RestClient): Promise<readonly User[]> {
  const found: User[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.call('GET', '/users', { query: { limit: 1000, cursor } });
    const page = body as { readonly items: readonly User[]; readonly nextCursor: string | null };
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** Finds a user by name, ignoring case, or by id. Throws CliError `user-not-found`. */
export async function findUser(client: RestClient, nameOrId: string): Promise<User> {
  const users = await listUsers(client);
  const found = users.find(({ username }) => username.toLowerCase() === nameOrId.toLowerCase()) ?? users.find(({ id }) => id === nameOrId);
  if (found === undefined) throw new CliError('user-not-found', `there is no user ${nameOrId}: ${programName()} user list shows them`);
  return found;
}

/** Reads `TAG=read` or `TAG=full`; a tag alone is `TAG=full`. Throws misuse. */
export function parseGrant(text: string): Grant {
  const [, tag = '', access = 'full'] = /^(.*?)(?:=(read|full))?$/.exec(text) ?? [];
  if (tag === '' || tag.includes('=')) throw misuse(`the grant ${text} is none: give TAG=read or TAG=full, such as eu=full; the tag * is every environment`);
  return { tag, access: access === 'read' ? 'read' : 'full' };
}

/** As {@link parseGrant} reads it. */
export function grantText({ tag, access }: Grant): string {
  return `${tag}=${access}`;
}
