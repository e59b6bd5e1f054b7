/** Shows its children to who is signed in, and the way in to everyone else, at the same address. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { onSignedOut } from '../api/client.ts';
import { LiveUpdates } from '../live/live-updates.tsx';
import { markAllStale } from '../live/stale-answers.ts';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { untilSessionHasChanged } from './session-change.ts';
import { sessionQuery, useMay } from './session.ts';
import { SignIn } from './sign-in.tsx';

export function SignedInOnly({ children }: { readonly children: React.ReactNode }): React.JSX.Element {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const mayHear = useMay('auditor');
  const [hasEnded, setEnded] = useState(false);
  /** Counts the sessions that took another's place. */
  const [renewals, setRenewals] = useState(0);
  const isAsking = useRef(false);

  const end = useCallback(() => {
    const isSomebodyHere = (): boolean => (client.getQueryData(sessionQuery.queryKey) ?? null) !== null;
    if (!isSomebodyHere() || isAsking.current) return;
    isAsking.current = true;
    // A session may have ended because another one takes its place, or because its owner signed out.
    untilSessionHasChanged()
      .then(async () => {
        if (!isSomebodyHere()) return;
        if ((await client.query({ ...sessionQuery, staleTime: 0 })) === null) return setEnded(true);
        setRenewals((count) => count + 1);
        markAllStale(client);
      })
      .catch(() => undefined)
      .finally(() => (isAsking.current = false));
  }, [client]);
  useEffect(() => onSignedOut(end), [end]);
  const isHere = session.data !== undefined && session.data !== null;
  const [wasHere, setWasHere] = useState(isHere);
  if (wasHere !== isHere) {
    setWasHere(isHere);
    // If they sign out, their session did not end by itself, whatever became of the one before.
    if (isHere) setEnded(false);
  }

  if (session.isPending) return <LoadingState label="Asking who you are" />;
  if (session.isError) return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  if (session.data === null) return <SignIn hasEnded={hasEnded} />;
  return <LiveUpdates key={session.data.userId} renewals={renewals} isTold={mayHear} onSignedOut={end}>{children}</LiveUpdates>;
}
