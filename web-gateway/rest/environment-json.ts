/** Environments and tunnels as REST shows them. */
import type { EnvironmentView, PastEnvironment, TunnelView } from '../../projections/port.ts';
import { defaultSettings } from '../../services/application/setting-rules.ts';
import type { TunnelStatus } from '../../services/application/ports/connections.ts';
import type { Settings } from '../../services/domain/events.ts';
import type { TunnelKey } from '../../services/domain/tunnel-key.ts';
import type { TunnelDialer } from '../../services/tunnels/port.ts';

/** What only the live process and the settings know. */
export interface LiveKnowledge {
  readonly dialer: Pick<TunnelDialer, 'lastUsedAtMs'>;
  readonly settings: { current(): Pick<Settings, 'pollIntervalSeconds'> };
}

export function environmentJson(view: EnvironmentView, { dialer, settings }: LiveKnowledge): object {
  const tunnel = ({ state, since, openedAt, node, lastFailure }: TunnelView): object => ({
    state,
    since,
    openedAt,
    lastUsedAt: lastUsedAt(dialer, { environmentId: view.id, node }),
    node,
    lastFailure,
  });
  return {
    ...view,
    heartbeat: { ...view.heartbeat, intervalSeconds: view.pollIntervalSeconds ?? settings.current().pollIntervalSeconds },
    tunnel: tunnel(view.tunnel),
    tunnels: view.tunnels.map(tunnel),
    snapshot: view.snapshot === null ? null : { takenAt: view.snapshot.takenAt, summary: view.snapshot.summary, lastFailure: view.snapshot.lastFailure },
  };
}

/** Nothing records when a tunnel was used last. */
const unrecordedUse: LiveKnowledge['dialer'] = { lastUsedAtMs: () => undefined };

/** An environment as it was at an instant, in milliseconds since 1970. */
export function pastEnvironmentJson({ environment, approximate, settings }: PastEnvironment, atMs: number): object {
  const then = { dialer: unrecordedUse, settings: { current: () => ({ ...defaultSettings, ...settings }) } };
  return { ...environmentJson(environment, then), asOf: new Date(atMs).toISOString(), approximate };
}

/** A tunnel as it was. */
export function pastTunnelJson({ state, since, openedAt, node, lastFailure }: TunnelView, atMs: number): object {
  return { state, since, openedAt, lastUsedAt: null, node, lastFailure, asOf: new Date(atMs).toISOString() };
}

/** A tunnel by what the application knows of it now, which may be ahead of the read models. */
export function tunnelJson(key: TunnelKey, { state, since, lastFailure }: TunnelStatus, dialer: LiveKnowledge['dialer']): object {
  return { state, since, openedAt: state === 'open' ? since : null, lastUsedAt: lastUsedAt(dialer, key), node: key.node, lastFailure };
}

function lastUsedAt(dialer: LiveKnowledge['dialer'], key: TunnelKey): string | null {
  const atMs = dialer.lastUsedAtMs(key);
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
