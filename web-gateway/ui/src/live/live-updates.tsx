/** Keeps what is shown up to date while somebody is signed in, and tells components of changes. */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { openLiveConnection, type Change, type LiveState } from './live-connection.ts';
import { markAllStale, markStale } from './stale-answers.ts';

/** Changes are gathered for so long, so that a busy fleet makes no more than four rounds of asking a second. */
const GATHER_MS = 250;

interface Live {
  readonly state: LiveState;
  /** Calls back with what changed, and with undefined where everything may have. Returns how to stop. */
  listen(listener: ChangesListener): () => void;
}

export type ChangesListener = (changes: readonly Change[] | undefined) => void;

const LiveContext = createContext<Live>({ state: 'connecting', listen: () => () => undefined });

interface LiveUpdatesProps {
  /** Called when the session has ended that the connection was opened with. */
  readonly onSignedOut: () => void;
  /** Another number opens a connection anew, by the session there is now. */
  readonly renewals: number;
  /** Whether the role may be told of anything. */
  readonly isTold: boolean;
  readonly children: React.ReactNode;
}

export function LiveUpdates({ onSignedOut, renewals, isTold, children }: LiveUpdatesProps): React.JSX.Element {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const listeners = useRef(new Set<ChangesListener>());

  useEffect(() => {
    if (!isTold) return undefined;
    let gathered: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (changes: readonly Change[] | undefined): void => {
      for (const listener of listeners.current) listener(changes);
    };
    const flush = (): void => {
      timer = undefined;
      const changes = gathered;
      gathered = [];
      if (changes.length === 0) return;
      markStale(client, changes);
      tell(changes);
    };
    const connection = openLiveConnection({
      onState: setState,
      onChanges(changes) {
        gathered.push(...changes);
        // The first of a burst at once: a change is seen when it happens.
        if (timer !== undefined) return;
        timer = setTimeout(flush, GATHER_MS);
        markStale(client, gathered);
        tell(gathered);
        gathered = [];
      },
      onReset() {
        gathered = [];
        markAllStale(client);
        tell(undefined);
      },
      onSignedOut,
    });
    return () => {
      clearTimeout(timer);
      connection.close();
    };
  }, [client, onSignedOut, renewals, isTold]);

  const live = useMemo<Live>(
    () => ({
      state,
      listen(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** Calls back with what changed; undefined where everything may have. */
export function useChanges(listener: ChangesListener): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => listen((changes) => latest.current(changes)), [listen]);
}
