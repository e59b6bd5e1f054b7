/** Starts the NATS tap of this process, which follows the setting `publishPolls`, and ends it with all that was recorded published. */
import type { Logger } from 'pino';
import type { StoredSettings } from '../application/settings.ts';
import type { EventStore } from '../event-store/port.ts';
import type { NatsSettings } from '../taps/nats-connection.ts';
import type { NatsTap } from '../taps/nats-tap.ts';
import { createTapCheckpoints } from './tap-checkpoints.ts';

/** At the end, how long NATS may take for what was recorded last, in milliseconds. */
const lastEventsMs = 2_000;

/** Undefined where no NATS is named. Throws {@link import('../taps/tap-error.ts').TapError} where the settings of the connection are wrong. */
export async function startTap(deps: {
  readonly nats: NatsSettings | undefined;
  readonly store: EventStore;
  readonly settings: StoredSettings;
  readonly controlPlaneNode: string;
  readonly dataDir: string;
  readonly logger: Logger;
}): Promise<NatsTap | undefined> {
  const { nats, store, settings, controlPlaneNode, dataDir, logger } = deps;
  if (nats === undefined) return undefined;
  // Most have none, and need not load its client.
  const { startNatsTap } = await import('../taps/nats-tap.ts');
  const tap = startNatsTap({
    eventStore: store,
    nats,
    source: `urn:homeport:${controlPlaneNode}`,
    includesPolls: settings.current().publishPolls,
    checkpoints: createTapCheckpoints(dataDir),
    logger,
  });
  settings.onChanged(() => {
    tap.includePolls(settings.current().publishPolls);
  });
  return tap;
}

/** Publishes what was recorded last, where NATS is there, and ends it. Nothing may be recorded any more. */
export async function endTap(tap: NatsTap | undefined, store: Pick<EventStore, 'headPosition'>): Promise<void> {
  if (tap === undefined) return;
  const head = await store.headPosition().catch(() => undefined);
  if (head !== undefined) await tap.flush(head, lastEventsMs);
  await tap.close();
}
