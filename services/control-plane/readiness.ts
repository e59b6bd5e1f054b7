/** What `/readyz` says, part by part, to anyone: so in codes alone. The words, which may name machines, are in the log. */
import type { Projections } from '../../projections/port.ts';
import type { Readiness } from '../../web-gateway/gateway-dependencies.ts';
import type { EventStore } from '../event-store/port.ts';
import type { NatsTap } from '../taps/nats-tap.ts';
import type { Draining } from './draining.ts';

export interface ReadinessParts {
  readonly store: Pick<EventStore, 'unavailability'>;
  readonly projections: Pick<Projections, 'state'>;
  readonly tap: Pick<NatsTap, 'state'> | undefined;
  readonly draining: Pick<Draining, 'hasBegun'>;
}

/** That NATS or the event store is away is shown, and is no reason to send agents and open tunnels elsewhere: there is nowhere better. */
export function readinessOf({ store, projections, tap, draining }: ReadinessParts): Readiness {
  const state = projections.state();
  const isStopping = draining.hasBegun();
  return {
    ready: state.kind === 'live' && !isStopping,
    checks: {
      ...(isStopping ? { server: 'stopping' } : {}),
      eventStore: store.unavailability()?.code ?? 'ok',
      projections: state.kind === 'live' ? 'ok' : state.kind,
      ...(tap === undefined ? {} : { nats: natsOf(tap) }),
    },
  };
}

function natsOf(tap: ReadinessParts['tap'] & object): string {
  const { state } = tap.state();
  return state === 'away' || state === 'connecting' ? state : 'ok';
}
