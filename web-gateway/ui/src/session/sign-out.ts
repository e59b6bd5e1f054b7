/** Signing out: the session ends at the server, and nothing of it stays here. */
import { useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { forgetAnswers } from './forget-answers.ts';
import { sessionQuery } from './session.ts';

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await answerOf(api.DELETE('/api/v1/sessions/current'));
    client.setQueryData(sessionQuery.queryKey, null);
    forgetAnswers(client);
  };
}
