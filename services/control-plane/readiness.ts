/** What `/readyz` says, part by part, to anyone: so in codes alone. The words, which may name machines, are in the log. */
import type { Projections } from '../../projections/port.ts';
import type { Readiness } from '../../web-gateway/gateway-dependencies.ts';
import type { EventStore } from '../event-store/port.ts';
import type { NatsTap } from '../taps/nats-tap.ts';
import type { Draining } from './draining.ts';

export interface ReadinessParts {
  readonly store: Pick<EventStore, 'unavailability'>;
  readonly projections: Pick<Projections, 'state' | 'lag' | 'rebuilding'>;
  readonly tap: Pick<NatsTap, 'state'> | undefined;
  readonly draining: Pick<Draining, 'hasBegun'>;
}

/** Read models are called behind from so many seconds on. */
const behindSeconds = 10;
/** Whoever asks waits no longer for a store that does not answer, in milliseconds. */
const lagWithinMs = 1_000;

/** Whether the process can do its work, at once and without a word on why not. */
export function isReady({ projections, draining }: { readonly projections: Pick<Projections, 'state'> } & Pick<ReadinessParts, 'draining'>): boolean {
  return projections.state().kind === 'live' && !draining.hasBegun();
}

/** That NATS or the event store is away, or the read models lag, is shown, and is no reason to send agents and open tunnels elsewhere: there is nowhere better. */
export async function readinessOf({ store, projections, tap, draining }: ReadinessParts): Promise<Readiness> {
  return {
    ready: isReady({ projections, draining }),
    checks: {
      ...(draining.hasBegun() ? { server: 'stopping' } : {}),
      eventStore: store.unavailability()?.code ?? 'ok',
      projections: await projectionsOf(projections),
      ...(tap === undefined ? {} : { nats: natsOf(tap) }),
    },
  };
}

async function projectionsOf(projections: ReadinessParts['projections']): Promise<string> {
  const { kind } = projections.state();
  if (kind !== 'live') return kind;
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), lagWithinMs);
  // A store that can't be asked is named above.
  const lag = await Promise.race([projections.lag().catch(() => undefined), timeout.promise]);
  clearTimeout(timer);
  if (lag !== undefined && lag.seconds >= behindSeconds) return 'behind';
  return projections.rebuilding() === undefined ? 'ok' : 'rebuilding';
}

function natsOf(tap: ReadinessParts['tap'] & object): string {
  const { state } = tap.state();
  return state === 'away' || state === 'connecting' ? state : 'ok';
}
