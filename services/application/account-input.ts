/** Checks what people write into an account: its name, its password, its grants. */
import type { Grant } from '../domain/events.ts';
import { ApplicationError } from './ports/application-error.ts';

const namePattern = /^[a-z0-9][a-z0-9._@-]{0,63}$/i;
/** Who acts under these names is somebody else: the machine's own operator, and whoever could not be known. */
const reservedNames: ReadonlySet<string> = new Set(['local', 'unknown']);
/** In characters, as people count them. */
const shortestPassword = 12;
const longestPassword = 1024;
const fewestDifferentCharacters = 5;
const mostGrants = 64;

/** Whether it may be one. */
export function isUsername(username: string): boolean {
  return namePattern.test(username) && !reservedNames.has(username.toLowerCase());
}

/** Throws invalid-username. */
export function checkUsername(username: string): string {
  if (!isUsername(username)) {
    throw new ApplicationError('invalid-username', 'a username has 1 to 64 letters (a to z), digits, dots, dashes, underscores and @, begins with a letter or digit, and is neither local nor unknown', { pointer: '/username' });
  }
  return username;
}

/**
 * Length is what counts; beside it only what is guessed first is refused. Throws weak-password.
 * @param username whose password it is to be
 */
export function checkPassword(password: string, username: string): string {
  const characters = Array.from(password.normalize('NFKC'));
  const fault =
    characters.length < shortestPassword || characters.length > longestPassword
      ? `a password has at least ${String(shortestPassword)} characters`
      : new Set(characters).size < fewestDifferentCharacters
        ? 'a password has more than a few different characters'
        : holdsName(password, username)
          ? 'a password does not hold the username'
          : undefined;
  if (fault !== undefined) throw new ApplicationError('weak-password', `${fault}; several words that don't belong together are easy to remember`, { pointer: '/password' });
  return password;
}

/** A name of three letters may be in a good password by chance; a password that is little more than the name is none. */
function holdsName(password: string, username: string): boolean {
  const rest = password.toLowerCase().replaceAll(username.toLowerCase(), '');
  return rest.length < shortestPassword - 4 && rest.length < password.length;
}

/** One for each tag, in order. Throws invalid-grants. */
export function checkGrants(grants: readonly Grant[]): readonly Grant[] {
  const byTag = new Map<string, Grant>();
  grants.forEach(({ tag, access }, index) => {
    const trimmed = tag.trim();
    if (trimmed.length === 0 || trimmed.length > 64 || /[\p{C},]/u.test(trimmed)) {
      throw new ApplicationError('invalid-grants', 'a grant names a tag as environments have them, or * for every environment', { pointer: `/grants/${String(index)}/tag` });
    }
    if (byTag.has(trimmed)) throw new ApplicationError('invalid-grants', `the tag ${trimmed} is granted twice`, { pointer: `/grants/${String(index)}/tag` });
    byTag.set(trimmed, { tag: trimmed, access });
  });
  if (byTag.size > mostGrants) throw new ApplicationError('invalid-grants', `an operator has at most ${String(mostGrants)} grants`, { pointer: '/grants' });
  return [...byTag.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
}
