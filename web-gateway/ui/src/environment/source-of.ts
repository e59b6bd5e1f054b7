/** Where the lists come from at this moment, and why nothing can be done where it cannot. */
import type { EnvironmentPage, Source } from './environment-context.ts';
import type { Connection } from './connection/use-connection.ts';

type Judged = Pick<EnvironmentPage, 'source' | 'isConnecting' | 'whyNoActions' | 'whyNotLive'>;

const READ_ONLY = 'Your access to this environment is read-only; changing something needs full access.';

/** @param at the time machine's instant */
export function sourceOf(phase: Connection['phase'], access: EnvironmentPage['access'], at: string | undefined): Judged {
  if (phase === 'open') return { source: { kind: 'engine', isReachable: true }, isConnecting: false, whyNotLive: null, whyNoActions: access === 'full' ? null : READ_ONLY };
  const why = whyNot(phase, access, at);
  // What the engine said a moment ago stays in sight until it is known that it does not come back.
  const source: Source = phase === 'lost' ? { kind: 'engine', isReachable: false } : { kind: 'snapshot', why };
  return { source, isConnecting: phase === 'connecting' || phase === 'lost', whyNotLive: why, whyNoActions: access === 'read' && at === undefined ? READ_ONLY : why };
}

function whyNot(phase: Connection['phase'], access: EnvironmentPage['access'], at: string | undefined): string {
  if (at !== undefined) return 'This is the past.';
  if (access === null) return 'Your role looks at snapshots, and has no access to the engine.';
  switch (phase) {
    case 'connecting':
    case 'lost':
      return 'The environment is being connected to.';
    case 'off':
      return 'There is no tunnel.';
    case 'none':
    case 'failed':
    case 'open':
      return 'The environment is not connected.';
  }
}
