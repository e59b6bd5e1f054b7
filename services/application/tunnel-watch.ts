/** Counts what happens to tunnels, and says how long each took to open. */
import type { TunnelEvent } from '../domain/events.ts';
import type { TunnelState } from '../domain/tunnel.ts';
import type { Clock } from './clock.ts';
import type { ApplicationTallies } from './tallies.ts';

export interface TunnelWatch {
  /** Something was recorded in a tunnel's stream. */
  recorded(stream: string, events: readonly TunnelEvent[], state: TunnelState): void;
}

/** Creates the watch. `onOpened` is told the time from when a tunnel was required, or lost while it was, until it was open, in milliseconds. */
export function createTunnelWatch(deps: { readonly tallies: ApplicationTallies; readonly clock: Clock; readonly onOpened: (afterMs: number) => void }): TunnelWatch {
  const { tallies, clock, onOpened } = deps;
  /** Since when those wait that are required and not open. */
  const waitingSinceMs = new Map<string, number>();

  function tally(event: TunnelEvent): void {
    switch (event.type) {
      case 'TunnelRequired':
        tallies.tunnelsRequired += 1;
        return;
      case 'TunnelOpened':
        tallies.tunnelsOpened += 1;
        return;
      case 'TunnelOpenFailed':
      case 'TunnelCredentialsExpired':
        tallies.tunnelsNotOpened += 1;
        return;
      case 'TunnelClosed':
        tallies.tunnelsClosed += 1;
        return;
      case 'TunnelLost':
        tallies.tunnelsLost[event.data.reason] += 1;
        return;
      default:
    }
  }

  return {
    recorded(stream, events, { status }) {
      for (const event of events) tally(event);
      const sinceMs = waitingSinceMs.get(stream);
      if (status === 'open' && sinceMs !== undefined && events.some(({ type }) => type === 'TunnelOpened')) onOpened(clock.now() - sinceMs);
      if (status === 'closed' || status === 'open') waitingSinceMs.delete(stream);
      else if (sinceMs === undefined) waitingSinceMs.set(stream, clock.now());
    },
  };
}
