/** What `/readyz` says, part by part, to anyone: so in codes alone. The words, which may name machines, are in the log. */
import type { Projections } from '../../projections/port.ts';
import type { Readiness } from '../../web-gateway/gateway-dependencies.ts';
import type { EventStore } from '../event-store/port.ts';
import type { NatsTap } from '../taps/nats-tap.ts';

/** That NATS or the event store is away is shown, and is no reason to send agents and open tunnels elsewhere: there is nowhere better. */
export function readinessOf({ store, projections, tap }: { readonly store: EventStore; readonly projections: Projections; readonly tap: NatsTap | undefined }): Readiness {
  const state = projections.state();
  return {
    ready: state.kind === 'live',
    checks: {
      eventStore: store.unavailability?.() === undefined ? 'ok' : 'away',
      projections: state.kind === 'live' ? 'ok' : state.kind === 'failed' ? 'failed' : 'catching up',
      ...(tap === undefined ? {} : { nats: natsOf(tap) }),
    },
  };
}

function natsOf(tap: NatsTap): string {
  const { state } = tap.state();
  return state === 'away' || state === 'connecting' ? state : 'ok';
}
