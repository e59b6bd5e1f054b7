/** Records who was refused at sign-in: so many for one peer and for all, and no more, for a flood of guesses must not become a flood of events. */
import { randomUUID } from 'node:crypto';
import { createAttempts } from './attempts.ts';
import { type Clock, instantOf } from './clock.ts';
import { peerGroup } from './peer-address.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { SignInEvent, SignInLog } from './sign-in-log.ts';

type Refusal = Omit<Extract<SignInEvent, { type: 'SignInRefused' }>['data'], 'at'>;

export interface SignInRefusals {
  /** Resolves when it is recorded, or counted as one too many. Throws ApplicationError event-store-unavailable. */
  record(refusal: Refusal, context: CommandContext): Promise<void>;
  close(): Promise<void>;
}

const windowMs = 60_000;
/** Recorded for one peer and for all, within a window. */
const perPeer = 12;
const overall = 600;
/** And within an hour: they are kept for ever, and the last month's are read at each start. A tool whose key was revoked goes on for years. */
const hourMs = 3600_000;
const perPeerHourly = 60;
const overallHourly = 2_400;

/** Creates the record. `actor` is whose word the count of those left out is. */
export function createSignInRefusals(deps: { readonly signIns: SignInLog; readonly clock: Clock; readonly actor: string }): SignInRefusals {
  const { signIns, clock, actor } = deps;
  const ofPeer = createAttempts({ clock, limit: perPeer, windowMs });
  const ofPeerHourly = createAttempts({ clock, limit: perPeerHourly, windowMs: hourMs });
  let total = 0;
  let totalHourly = 0;
  let suppressed = 0;
  const stop = clock.every(windowMs, () => void endWindow());
  const stopHours = clock.every(hourMs, () => (totalHourly = 0));

  /** What is not recorded in its minute does not count in its hour. */
  function isOneTooMany(peer: string): boolean {
    return ofPeer.fail(peer) || total >= overall || totalHourly >= overallHourly || ofPeerHourly.fail(peer);
  }

  async function endWindow(): Promise<void> {
    total = 0;
    const count = suppressed;
    suppressed = 0;
    if (count === 0) return;
    const context = { actor, correlationId: randomUUID() };
    await signIns.append({ type: 'SignInRefusalsSuppressed', data: { at: instantOf(clock), count } }, context).catch(() => {
      // The store is away: they are told of with the next ones.
      suppressed += count;
    });
  }

  return {
    async record(refusal, context) {
      if (isOneTooMany(peerGroup(refusal.address))) {
        suppressed++;
        return;
      }
      total++;
      totalHourly++;
      await signIns.append({ type: 'SignInRefused', data: { at: instantOf(clock), ...refusal } }, context);
    },
    async close() {
      stop();
      stopHours();
      ofPeer.close();
      ofPeerHourly.close();
      await endWindow();
    },
  };
}
