/** Keeps answers, and says when to ask again. Live changes make answers stale; time alone does not. */
import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api-error.ts';

const TRIES = 5;

/** The page's one. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      // What the server refuses it refuses again; that it is away passes.
      retry: (failures, error) => failures < TRIES && error instanceof ApiError && (error.status === 0 || error.code === 'shutting-down' || error.code === 'event-store-unavailable' || error.code === 'projections-unavailable'),
      retryDelay: (failures) => Math.min(300 * 2 ** failures, 3000),
    },
  },
});
