/** Selecting an environment for as long as its page is open: asks for its tunnel, keeps it, asks again when it is gone. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Environment, TimelineEntry } from '../../api/answer.ts';
import { ApiError } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { useLiveState } from '../../live/live-updates.tsx';
import { sayFailed } from '../../parts/say.ts';
import { serverNow } from '../../time/server-clock.ts';
import { tunnelEventsQuery, tunnelQuery, type Tunnel } from '../environment-queries.ts';
import { settingsQuery } from '../../settings/settings-query.ts';
import { connectionSteps, type ConnectionStep } from './connection-steps.ts';
import { connectionFailure, type ConnectionFailure } from './failure-words.ts';

/** How it stands, and what can be done about it. */
export interface Connection {
  /**
   * `none`: who is here may not, or looks at the past. `off`: it was disconnected. `open` is the only one in which the engine can be
   * asked; `lost` was open a moment ago.
   */
  readonly phase: 'none' | 'off' | 'connecting' | 'lost' | 'failed' | 'open';
  readonly tunnel: Tunnel | undefined;
  readonly steps: readonly ConnectionStep[];
  readonly failure: ConnectionFailure | null;
  /** Who disconnected it, where it was not this page. */
  readonly disconnectedBy: string | null;
  /** Whether it was opened while this page looked on. */
  readonly wasOpenedHere: boolean;
  connect(): void;
  disconnect(): void;
  readonly isDisconnecting: boolean;
}

/** An open tunnel is answered at once; a browser has six connections for all its tabs, so none is held for long. */
const WAIT_SECONDS = 2;
/** An idle close takes place after minutes: a page that was hidden may be late. */
const KEEP_ALIVE_SECONDS = 60;
/** The server's clock is known to the second. */
const CLOCK_GRAIN_MS = 1_500;
/** While it does not open, its reason is looked at as often, whatever is told of changes. */
const LOOK_MS = 5_000;

/** @param mayConnect whether the engine may be asked at all, and now is looked at */
export function useConnection(environment: Environment, node: string | undefined, mayConnect: boolean, at: string | undefined): Connection {
  const { id } = environment;
  const client = useQueryClient();
  const isAway = useLiveState() === 'away';
  const [isWanted, setWanted] = useState(true);
  const [disconnectedBy, setDisconnectedBy] = useState<string | null>(null);
  const [wasOpen, setWasOpen] = useState(false);
  const [shownSinceMs] = useState(serverNow);
  const [nowMs, setNowMs] = useState(serverNow);
  const isOn = mayConnect && isWanted;

  const query = tunnelQuery(id, node, at);
  const { data: tunnel } = useQuery(query);
  const state = tunnel?.state;
  const isOpen = state === 'open';
  if (isOn && isOpen && !wasOpen) setWasOpen(true);
  const { data: events = [] } = useQuery({ ...tunnelEventsQuery(id), enabled: isOn });
  const { data: settings } = useQuery({ ...settingsQuery, enabled: isOn });

  const params = { path: { id }, query: node === undefined ? {} : { node } };
  const asking = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/environments/{id}/connection', { params: { path: { id }, query: { ...params.query, waitSeconds: WAIT_SECONDS } } })),
    onSuccess: (answer) => client.setQueryData(query.queryKey, answer),
  });
  const { mutate: ask, isPending: isAsking, error: refusal, reset: forget } = asking;

  // Asks when the page is opened, and whenever the tunnel is gone for good; while it is only lost, the agent opens it again by itself.
  const isGone = state === undefined || state === 'closed';
  useEffect(() => {
    if (!isOn || isAway || !isGone) return undefined;
    if (!wasOpen) {
      ask();
      return undefined;
    }
    const controller = new AbortController();
    void whoDisconnected(client.query({ ...tunnelEventsQuery(id), staleTime: 0 }), node ?? null).then((who) => {
      if (controller.signal.aborted) return;
      if (who === null) return ask();
      setWanted(false);
      setDisconnectedBy(who);
    }, () => undefined);
    return () => controller.abort();
  }, [isOn, isAway, isGone, wasOpen, ask, client, id, node]);

  const keepAliveMs = 1000 * (settings?.settings.keepAliveIntervalSeconds ?? KEEP_ALIVE_SECONDS);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => {
      // Where it fails the next one is near; what it means for the tunnel is told as a change.
      void api.PUT('/api/v1/environments/{id}/connection/keep-alive', { params: { path: { id }, query: node === undefined ? {} : { node } } }).catch(() => undefined);
    }, keepAliveMs);
    return () => clearInterval(timer);
  }, [isOn, id, node, keepAliveMs]);

  const isWaiting = isOn && !isOpen;
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setInterval(() => {
      setNowMs(serverNow());
      void client.invalidateQueries({ queryKey: ['tunnel', id] });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [isWaiting, client, id]);

  const disconnecting = useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/v1/environments/{id}/connection', { params })),
    onMutate: () => setWanted(false),
    onError(error) {
      setWanted(true);
      sayFailed(`${environment.name} could not be disconnected`, error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['tunnel', id] }),
  });

  const steps = connectionSteps(events, node ?? null);
  const requiredAt = tunnel?.state === 'required' || tunnel?.state === 'opening' ? (steps[0]?.at ?? tunnel.since) : null;
  // That the server is away is said elsewhere, and passes.
  const asked = refusal instanceof ApiError && refusal.status === 0 ? null : refusal;
  const failure = isWaiting ? connectionFailure({ environment, tunnel, asked, requiredAt, nowMs }) : null;
  return {
    phase: !mayConnect ? 'none' : !isWanted ? 'off' : isOpen ? 'open' : failure !== null && !isAsking ? 'failed' : wasOpen ? 'lost' : 'connecting',
    tunnel,
    steps,
    failure,
    disconnectedBy,
    wasOpenedHere: tunnel?.openedAt !== null && tunnel?.openedAt !== undefined && Date.parse(tunnel.openedAt) > shownSinceMs - CLOCK_GRAIN_MS,
    connect() {
      forget();
      setWasOpen(false);
      setDisconnectedBy(null);
      setWanted(true);
      setNowMs(serverNow());
      ask();
      void client.invalidateQueries({ queryKey: ['environment', id] });
    },
    disconnect: () => disconnecting.mutate(),
    isDisconnecting: disconnecting.isPending,
  };
}

/** Null where nobody meant to: then it is asked for again. */
async function whoDisconnected(events: Promise<readonly TimelineEntry[]>, node: string | null): Promise<string | null> {
  const last = (await events).find(({ type, details }) => (type === 'TunnelClosed' || type === 'TunnelRequirementLapsed') && (details['node'] ?? null) === node);
  return last?.details['reason'] === 'disconnected' ? (last.actor ?? 'somebody') : null;
}
