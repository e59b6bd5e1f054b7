/**
 * Use cases of the tunnel certificate: rotate it, and end former ones. The event is what makes a rotation: the key is
 * written before and served after, so whatever a crash comes between, the next start finds either nothing done or all of it.
 */
import type { Logger } from 'pino';
import { Refusal } from '../domain/refusal.ts';
import { type TunnelCertificateCommand, type TunnelCertificateState, tunnelCertificateDecider } from '../domain/tunnel-certificate.ts';
import type { EventReader, Position } from '../event-store/port.ts';
import { createAggregates } from './aggregates.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { createInTurn } from './in-turn.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { TunnelCertificate, TunnelKeys } from './ports/tunnel-certificate.ts';

/** The tunnel certificate as it is recorded, and its rotation. */
export interface RecordedTunnelCertificate extends TunnelCertificate {
  /** Takes the recorded identity into use; must come before anything else. Throws what {@link TunnelKeys.use} throws. */
  start(): Promise<void>;
  /** Of the state, for what agents are told. */
  version(): number;
  /** The fingerprints that agents are to accept, base64; the one in use first. */
  fingerprints(): readonly string[];
  close(): void;
}

const stream = 'settings';
/** For how long agents accept the former one, unless it is said. */
const formerAcceptedSecondsDefault = 30 * 86_400;
const formerAcceptedSecondsMax = 365 * 86_400;
const checkMs = 60_000;

/** Creates the use cases. `onChanged` is called after each change, once it is served. */
export function createTunnelCertificate(deps: {
  readonly reader: EventReader;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: TunnelKeys;
  readonly systemContext: () => CommandContext;
  readonly onChanged: () => void;
}): RecordedTunnelCertificate {
  const { reader, log, clock, logger, keys, systemContext, onChanged } = deps;
  const aggregates = createAggregates({ decider: tunnelCertificateDecider, log, reader });
  let state: TunnelCertificateState = tunnelCertificateDecider.initialState;
  const inTurn = createInTurn();
  let stop: (() => void) | undefined;

  /** What is recorded holds: it is served, and what no one needs any more is destroyed. */
  async function take(next: TunnelCertificateState): Promise<void> {
    if (next.version === state.version) return;
    await keys.use(next);
    state = next;
    onChanged();
    await tidy();
  }

  /** Removes keys that never came into use, and those whose time is over. */
  async function tidy(): Promise<void> {
    await keys.forgetOthers().catch((error: unknown) => {
      logger.error({ err: error }, 'the key of a former tunnel certificate could not be removed; it is tried again at the next start');
    });
  }

  async function run(command: TunnelCertificateCommand, context: CommandContext): Promise<{ readonly position: Position | undefined }> {
    const { state: next, position } = await aggregates.execute(stream, command, context);
    await take(next);
    return { position };
  }

  async function rotate(formerAcceptedSeconds: number, context: CommandContext): Promise<{ readonly position: Position }> {
    // An answer that was lost may have rotated it already.
    await take(await aggregates.load(stream));
    const formerFingerprint = keys.fingerprint();
    const { fingerprint, succession } = await keys.make();
    const formerAcceptedUntil = formerAcceptedSeconds === 0 ? null : new Date(clock.now() + formerAcceptedSeconds * 1000).toISOString();
    const { position } = await run({ type: 'rotate', at: instantOf(clock), fingerprint, formerFingerprint, formerAcceptedUntil, succession }, context);
    if (position === undefined) throw new ApplicationError('conflict', 'the tunnel certificate was not rotated; try again');
    return { position };
  }

  function retireDue(): void {
    if (!state.formers.some(({ acceptedUntil }) => Date.parse(acceptedUntil) <= clock.now())) return;
    inTurn(() => run({ type: 'retire-due', at: instantOf(clock) }, systemContext())).catch((error: unknown) => {
      logger.warn({ err: error }, 'the end of a former tunnel certificate could not be recorded yet');
    });
  }

  return {
    async start() {
      state = await aggregates.load(stream);
      await keys.use(state);
      await tidy();
      stop = clock.every(checkMs, retireDue);
    },

    status: () => ({ fingerprint: keys.fingerprint(), since: state.since, formers: state.formers }),
    version: () => state.version,
    fingerprints: () => [keys.fingerprint(), ...state.formers.map(({ fingerprint }) => fingerprint).reverse()],

    async rotate({ formerAcceptedSeconds = formerAcceptedSecondsDefault }, context) {
      if (!Number.isInteger(formerAcceptedSeconds) || formerAcceptedSeconds < 0 || formerAcceptedSeconds > formerAcceptedSecondsMax) {
        throw new ApplicationError('invalid-settings', `formerAcceptedSeconds is a whole number from 0 to ${String(formerAcceptedSecondsMax)}`, { pointer: '/formerAcceptedSeconds' });
      }
      try {
        return await inTurn(() => rotate(formerAcceptedSeconds, context));
      } catch (error) {
        if (error instanceof Refusal) throw new ApplicationError('conflict', 'the tunnel certificate was rotated at the same time; look, and try again', { cause: error });
        throw error;
      }
    },

    retireFormers: (context) => inTurn(() => run({ type: 'retire-formers', at: instantOf(clock) }, context)),

    close: () => stop?.(),
  };
}
