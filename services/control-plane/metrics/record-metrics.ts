/** Whether the record can be written, and how far behind it those are who read it. */
import type { Projections } from '../../../projections/port.ts';
import type { Application } from '../../application/application.ts';
import type { NatsTap } from '../../taps/nats-tap.ts';
import type { Readings } from './readings.ts';
import { declareServedStore, type ServedStoreParts } from './served-store-metrics.ts';

export interface RecordParts extends ServedStoreParts {
  readonly application: Pick<Application, 'tallies' | 'tunnels'>;
  readonly projections: Pick<Projections, 'state' | 'lag' | 'rebuilding'>;
  /** Undefined where nothing is published. */
  readonly tap: Pick<NatsTap, 'state'> | undefined;
}

export function declareRecord(readings: Readings, parts: RecordParts): void {
  const { application, projections, tap } = parts;
  declareServedStore(readings, parts);
  readings.gauge('homeport_projections_live', '1 while the read models follow the record, 0 while they catch up or have failed.', () => Number(projections.state().kind === 'live'));
  readings.gauge('homeport_projections_lag_seconds', 'Age of the oldest event that the read models have not applied.', async () => (await projections.lag()).seconds);
  readings.gauge('homeport_projections_lag_events', 'Events that the read models have not applied; no sample with a store whose positions do not tell.', async () => (await projections.lag()).events ?? undefined);
  readings.gauge('homeport_projections_rebuilding', '1 while read models are built anew beside those that answer, else 0.', () => Number(projections.rebuilding() !== undefined));
  readings.gauge('homeport_projections_rebuilt_ratio', 'How much of the record new read models have applied; no sample while none are built, or where positions do not tell.', () => projections.rebuilding()?.share ?? undefined);
  readings.gauge('homeport_nats_tap_connected', '1 while events are published to NATS, or another tap does, else 0; no sample without --nats.', () => {
    const state = tap?.state().state;
    return state === undefined ? undefined : Number(state === 'publishing' || state === 'standby');
  });
  readings.gauge('homeport_nats_tap_lag_seconds', 'Age of the oldest event that is not in the NATS stream yet; no sample without --nats.', () => {
    const state = tap?.state();
    if (state === undefined) return undefined;
    if (state.behindSinceMs !== undefined) return Math.max(0, Date.now() - state.behindSinceMs) / 1000;
    return state.eventsBehind === 0 ? 0 : undefined;
  });
  readings.gauge('homeport_nats_tap_lag_events', 'Events that are not in the NATS stream yet; no sample without --nats.', () => tap?.state().eventsBehind);
  readings.counter('homeport_nats_tap_messages_total', 'Messages stored in the NATS stream; no sample without --nats.', () => tap?.state().published);
  readings.counter('homeport_activity_lost_total', 'Records of proxied calls that were lost while the event store was away.', () => application.tallies.activityLost);
}
