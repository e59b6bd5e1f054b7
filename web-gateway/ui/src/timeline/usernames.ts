/** Whose account an event is about: events name it by its id. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { TimelineEntry } from '../api/answer.ts';
import { useSession } from '../session/session.ts';
import { usersQuery } from '../settings/users/users-query.ts';

/** By user id: of the users that there are, as far as one may know of them, and of those that the entries themselves name. */
export function useUsernames(entries: readonly TimelineEntry[]): ReadonlyMap<string, string> {
  const { role } = useSession();
  const users = useQuery({ ...usersQuery, enabled: role === 'admin' || role === 'auditor' });
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const { details } of entries) if (typeof details['userId'] === 'string' && typeof details['username'] === 'string') names.set(details['userId'], details['username']);
    for (const { id, username } of users.data ?? []) names.set(id, username);
    return names;
  }, [entries, users.data]);
}
