/** How many users there may be, however they come to be. */
import type { AccountDirectory } from './account-directory.ts';
import { ApplicationError } from './ports/application-error.ts';

/** Accounts of people; agents are none. */
export const mostUsers = 10_000;

/** Throws too-many-users where there is no room for another one. */
export function checkRoomForUser(directory: Pick<AccountDirectory, 'all'>): void {
  if (directory.all().length >= mostUsers) throw new ApplicationError('too-many-users', `there are ${String(mostUsers)} users already; remove those that nobody uses`);
}
