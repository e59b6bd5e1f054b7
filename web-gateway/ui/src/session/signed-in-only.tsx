/** Shows its children to who is signed in, and the way in to everyone else, at the same address. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { onSignedOut } from '../api/client.ts';
import { LiveUpdates } from '../live/live-updates.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { sessionQuery } from './session.ts';
import { SignIn } from './sign-in.tsx';

export function SignedInOnly({ children }: { readonly children: React.ReactNode }): React.JSX.Element {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const [hasEnded, setEnded] = useState(false);

  const end = useCallback(() => {
    if (client.getQueryData(sessionQuery.queryKey) === undefined || client.getQueryData(sessionQuery.queryKey) === null) return;
    setEnded(true);
    client.setQueryData(sessionQuery.queryKey, null);
  }, [client]);
  useEffect(() => onSignedOut(end), [end]);

  if (session.isPending) return <LoadingState label="Asking who you are" />;
  if (session.isError) return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  if (session.data === null) return <SignIn hasEnded={hasEnded} />;
  return <LiveUpdates onSignedOut={end}>{children}</LiveUpdates>;
}
