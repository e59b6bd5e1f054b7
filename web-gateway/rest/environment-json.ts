/** Environments and tunnels as REST shows them. */
import type { EnvironmentView, TunnelView } from '../../projections/port.ts';
import type { TunnelStatus } from '../../services/application/ports.ts';
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

/** A tunnel by what the application knows of it now, which may be ahead of the read models. */
export function tunnelJson(key: TunnelKey, { state, since, lastFailure }: TunnelStatus, dialer: LiveKnowledge['dialer']): object {
  return { state, since, openedAt: state === 'open' ? since : null, lastUsedAt: lastUsedAt(dialer, key), node: key.node, lastFailure };
}

function lastUsedAt(dialer: LiveKnowledge['dialer'], key: TunnelKey): string | null {
  const atMs = dialer.lastUsedAtMs(key);
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
