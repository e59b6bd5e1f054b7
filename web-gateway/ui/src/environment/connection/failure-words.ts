/** Why an environment cannot be connected to, in words, and what mends it. */
import type { Environment } from '../../api/answer.ts';
import { ApiError, messageOf } from '../../api/api-error.ts';
import { refusalWords } from '../../refusals/refusal-words.ts';
import { spanText } from '../../time/relative-text.ts';
import type { Tunnel } from '../environment-queries.ts';

/** In words, with what to do. */
export interface ConnectionFailure {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly words: string;
  /** What to do about it; null where nothing is known. */
  readonly advice: string | null;
}

/** A tunnel that was lost is opened again: that it was is no reason why it cannot. Of TunnelLost: docs/events.md. */
const LOSSES = new Set(['connection-lost', 'agent-stopped', 'agent-reports-none', 'server-restarted', 'control-plane-stopping']);
/** Over an interval and so many seconds a poll is late. */
const LATE_SECONDS = 2;
/** Over two intervals and so many seconds a poll is overdue. */
const OVERDUE_SECONDS = 5;
/** With fewer seconds than this a tunnel that is not open yet is on its way. */
const PATIENCE_SECONDS = 15;

/**
 * Null while nothing says that it will not open.
 * @param asked what asking for it came to, where it failed
 * @param requiredAt since when the tunnel is required
 */
export function connectionFailure({ environment, tunnel, asked, requiredAt, nowMs }: { readonly environment: Environment; readonly tunnel: Tunnel | undefined; readonly asked: unknown; readonly requiredAt: string | null; readonly nowMs: number }): ConnectionFailure | null {
  if (asked instanceof ApiError) return { code: asked.code, words: asked.message, advice: asked.code === 'unreachable' ? null : adviceOn(asked.code) };
  if (asked !== null && asked !== undefined) return { code: 'internal-error', words: messageOf(asked), advice: null };
  if (tunnel?.state === 'open') return null;
  const { association, heartbeat, status } = environment;
  const silentSeconds = heartbeat.lastPolledAt === null ? 0 : (nowMs - Date.parse(heartbeat.lastPolledAt)) / 1000;
  const isMissed = heartbeat.state !== 'up' || silentSeconds > heartbeat.intervalSeconds + LATE_SECONDS;
  const rejected = association.lastRejected;
  // A stranger’s refused poll says nothing of an agent that goes on polling.
  if (rejected !== null && isMissed && (heartbeat.lastPolledAt === null || rejected.at > heartbeat.lastPolledAt)) {
    const { what, help } = refusalWords(rejected.reason);
    return { code: rejected.reason, words: `Its agent’s polls from ${rejected.address} are refused. ${what}.`, advice: help === '' ? null : help };
  }
  if (status === 'unassociated') return { code: 'agent-not-polling', words: 'No agent has joined this environment yet.', advice: 'Start one with the commands in the overview.' };
  if (heartbeat.state !== 'up') {
    const last = heartbeat.lastPolledAt === null ? 'It was never seen.' : `Its last poll was ${spanText(Math.max(0, (nowMs - Date.parse(heartbeat.lastPolledAt)) / 1000))} ago.`;
    return { code: 'agent-not-polling', words: `No agent of this environment polls. ${last}`, advice: adviceOn('agent-not-polling') };
  }
  const waitedSeconds = requiredAt === null ? 0 : (nowMs - Date.parse(requiredAt)) / 1000;
  const failure = tunnel?.lastFailure ?? null;
  if (failure !== null && !LOSSES.has(failure.reason) && (requiredAt === null || failure.at >= requiredAt)) return { code: failure.reason, words: `The tunnel could not be opened: ${failure.detail}.`.replace('..', '.'), advice: adviceOn(failure.reason) };
  if (silentSeconds > 2 * heartbeat.intervalSeconds + OVERDUE_SECONDS && waitedSeconds > OVERDUE_SECONDS) {
    return { code: 'agent-not-polling', words: `Its agent has not polled for ${spanText(silentSeconds)}.`, advice: adviceOn('agent-not-polling') };
  }
  // An agent that asks now and then is told when it asks.
  if (waitedSeconds > Math.max(PATIENCE_SECONDS, heartbeat.intervalSeconds + PATIENCE_SECONDS)) {
    return { code: 'tunnel-timeout', words: `The agent polls, but has opened no tunnel in ${spanText(waitedSeconds)}.`, advice: adviceOn('tunnel-timeout') };
  }
  return null;
}

function adviceOn(code: string): string | null {
  switch (code) {
    case 'agent-not-polling':
      return 'Check that the agent runs, and that its machine reaches this server: there, docker logs homeport-agent says what it meets, and homeport agent doctor names the first trouble. It connects by itself as soon as the agent polls.';
    case 'tunnel-timeout':
      return 'Its machine may not reach the tunnel port, or does so through a proxy: homeport agent doctor, run there, says which.';
    default:
      return null;
  }
}
