/** Judges what an agent brings, and turns it away with a precise reason: told, counted, and recorded within bounds. */
import { randomUUID } from 'node:crypto';
import type { EnvironmentState } from '../domain/environment.ts';
import type { PollRejectionReason } from '../domain/events.ts';
import type { RefusalCode } from '../domain/refusal.ts';
import { createAttempts } from './attempts.ts';
import { type Clock, instantOf } from './clock.ts';
import { judgeJoinSecret } from './join-secret.ts';
import { peerGroup } from './peer-address.ts';
import { AgentRefused, type PollIntroduction } from './ports/poll-admission.ts';
import type { Refusals } from './refusals.ts';
import type { ApplicationTallies } from './tallies.ts';

export interface PollRejections {
  /** Judges what an introduction brings by what the environment is now. Throws {@link AgentRefused}. */
  check(introduction: PollIntroduction, state: EnvironmentState): void;
  /** One that must not poll here: it counts among the failed attempts of its address. */
  refuse(introduction: PollIntroduction, state: EnvironmentState, reason: PollRejectionReason, message: string): AgentRefused;
  /** A good agent, but too much of it. */
  excess(introduction: PollIntroduction, reason: 'too-many-connections' | 'polling-too-fast', message: string): AgentRefused;
  record(reason: PollRejectionReason, address: string, environmentId: string | null, node: string | null): void;
  close(): void;
}

/** What agents are told that were good until now. */
export const wordsOf = {
  'environment-removed': 'this environment was removed',
  'token-rotated': 'the join token was rotated; copy the new one from the environment',
  'edge-id-barred': 'this Edge ID was disassociated; use the one issued instead, or have an admin allow it again',
} as const;

/** Creates it. `joinSecret` is that of an environment at a version of its join token. */
export function createPollRejections(deps: { readonly refusals: Refusals; readonly tallies: ApplicationTallies; readonly clock: Clock; readonly joinSecret: (environmentId: string, version: number) => Uint8Array }): PollRejections {
  const { refusals, tallies, clock, joinSecret } = deps;
  const attempts = createAttempts({ clock, limit: 20, windowMs: 60_000 });

  function record(reason: PollRejectionReason, address: string, environmentId: string | null, node: string | null): void {
    tallies.pollsRejected[reason] += 1;
    const data = { at: instantOf(clock), environmentId, reason, address, node };
    refusals.record({ type: 'PollRejected', data }, peerGroup(address), { actor: 'agent:refused', correlationId: randomUUID() });
  }

  function refuse(introduction: PollIntroduction, state: EnvironmentState, reason: PollRejectionReason, message: string): AgentRefused {
    const { address, environmentId, report } = introduction;
    const who = `${peerGroup(address)} ${environmentId}`;
    const isBarred = attempts.fail(who);
    const told = isBarred ? 'too-many-attempts' : reason;
    record(told, address, state.status === 'absent' ? null : environmentId, report.node);
    return isBarred
      ? new AgentRefused(told, 'too many failed attempts from this address; wait a minute', attempts.retryAfterSeconds(who) * 1000)
      : new AgentRefused(told, message);
  }

  return {
    record,
    refuse,
    excess({ address, environmentId, report }, reason, message) {
      record(reason, address, environmentId, report.node);
      return new AgentRefused(reason, message, 60_000);
    },
    check(introduction, state) {
      const { environmentId } = introduction;
      if (state.status === 'absent') throw refuse(introduction, state, 'unknown-environment', 'there is no such environment; was its join token copied whole?');
      if (state.status === 'removed') throw refuse(introduction, state, 'environment-removed', 'this environment was removed; create another and use its join token');
      const judged = judgeJoinSecret(introduction.joinSecret, state.joinTokenVersion, (version) => joinSecret(environmentId, version));
      if (judged === 'token-rotated') throw refuse(introduction, state, judged, wordsOf[judged]);
      if (judged === 'wrong-join-secret') throw refuse(introduction, state, judged, 'the join token is not this environment\'s; copy it again from the environment');
    },
    close: () => attempts.close(),
  };
}

/** Why the domain would not have an agent. */
export function rejectionOf(code: RefusalCode): PollRejectionReason {
  switch (code) {
    case 'environment-removed':
    case 'edge-id-barred':
    case 'duplicate-agent':
      return code;
    default:
      return 'edge-id-mismatch';
  }
}
