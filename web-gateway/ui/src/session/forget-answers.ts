/** Forgets what was asked for by one person, before another one is here. */
import type { QueryClient } from '@tanstack/react-query';

/** All answers but who is here; and what changes were answered with, such as the secret of a new key. */
export function forgetAnswers(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  client.getMutationCache().clear();
}
