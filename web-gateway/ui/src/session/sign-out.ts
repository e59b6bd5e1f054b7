/** Signing out: the session ends at the server, and nothing of it stays here. */
import { useQueryClient } from '@tanstack/react-query';
import { isCode } from '../api/api-error.ts';
import { answerOf, api } from '../api/client.ts';
import { sayFailed } from '../parts/say.ts';
import { forgetAnswers } from './forget-answers.ts';
import { whileSessionChanges } from './session-change.ts';
import { sessionQuery } from './session.ts';

/** What does it, or says why it could not. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const signOut = async (): Promise<void> => {
    try {
      await answerOf(api.DELETE('/api/v1/sessions/current'));
    } catch (error) {
      if (!isCode(error, 'unauthenticated')) return sayFailed('You are still signed in', error);
    }
    client.setQueryData(sessionQuery.queryKey, null);
    forgetAnswers(client);
  };
  return () => whileSessionChanges(signOut());
}
