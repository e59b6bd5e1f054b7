/** Who is here, and what they may do. */
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { isCode } from '../api/api-error.ts';
import type { Answer } from '../api/answer.ts';
import { forgetAnswers } from './forget-answers.ts';

/** Who is signed in, as the server says. */
export type Session = Answer<'/api/v1/sessions/current'>;
/** What one may do: docs/security.md. */
export type Role = Session['role'];

/** Each may what those below it may. */
export const RANK: Readonly<Record<Role, number>> = { metrics: 0, auditor: 1, operator: 2, admin: 3 };

/** Null where nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ client, queryKey }): Promise<Session | null> => {
    const now = await currentSession();
    const before = client.getQueryData<Session | null>(queryKey);
    // A session ends by itself, too, and in another tab somebody else may have signed in.
    if (before !== undefined && before !== null && before.userId !== now?.userId) forgetAnswers(client);
    return now;
  },
});

async function currentSession(): Promise<Session | null> {
  try {
    return await answerOf(api.GET('/api/v1/sessions/current'));
  } catch (error) {
    if (isCode(error, 'unauthenticated')) return null;
    throw error;
  }
}

/** Who is here; for screens, which are shown only to somebody. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error('nobody is signed in');
  return data;
}

/** Whether the one who is here may what this role may. */
export function useMay(role: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data !== undefined && data !== null && RANK[data.role] >= RANK[role];
}

/** Whether every environment is in reach: the record as a whole is for nobody else. */
export function useReachesAll(): boolean {
  const { role, grants } = useSession();
  return role !== 'operator' || grants === null || grants.some(({ tag }) => tag === '*');
}

/**
 * What the one who is here may do with an environment's engines: `full` is everything, `read` is looking, null is neither. By tags, as the
 * server judges; it has the last word.
 */
export function useEngineAccess(tags: readonly string[]): EngineAccess {
  return engineAccessOf(useSession(), tags);
}

/** Null is none. */
export type EngineAccess = 'full' | 'read' | null;

/** The same for who has the session already, as where there are many environments. */
export function engineAccessOf({ role, grants }: Session, tags: readonly string[]): EngineAccess {
  if (RANK[role] < RANK.operator) return null;
  if (grants === null) return 'full';
  const reaching = grants.filter(({ tag }) => tags.includes(tag));
  return reaching.some(({ access }) => access === 'full') ? 'full' : reaching.length > 0 ? 'read' : null;
}
