/** What a refused agent tells whoever reads its log. */

interface RefusalAdvice {
  readonly message: string;
  /** Whether it will pass by itself. All others wait for someone to act, so the agent asks seldom. */
  readonly isPassing: boolean;
}

const ADVICE: Readonly<Record<string, RefusalAdvice>> = {
  'malformed-token': { message: 'the control plane cannot read the join token (EDGE_KEY); copy it again, whole, from the environment', isPassing: false },
  'malformed-edge-id': { message: 'the control plane takes the Edge ID (EDGE_ID) for no UUID; copy it again from the environment', isPassing: false },
  'unknown-environment': { message: 'the control plane does not know the environment of this join token (EDGE_KEY); use the token of one that it has', isPassing: false },
  'environment-removed': { message: 'the environment of this join token was removed; create another and use its join token, or stop this agent', isPassing: false },
  'wrong-join-secret': { message: "the join token (EDGE_KEY) is no longer the environment's; copy the current one", isPassing: false },
  'token-rotated': { message: 'the join token (EDGE_KEY) was rotated; copy the new one from the environment, and start the agent with it', isPassing: false },
  'edge-id-barred': {
    message: 'the environment was disassociated from this EDGE_ID; use the one that the environment shows now, or have an admin allow this one again',
    isPassing: false,
  },
  'duplicate-agent': {
    message: 'another agent polls with the same EDGE_ID and join token, as on a copied disk; create an environment for this machine, or stop the other agent',
    isPassing: false,
  },
  'edge-id-mismatch': {
    message: 'the environment belongs to another Edge ID than this EDGE_ID; use that one, or disassociate the environment first',
    isPassing: false,
  },
  'version-too-old': { message: 'this agent is too old for the control plane; update it', isPassing: false },
  'too-many-attempts': { message: 'the control plane refuses this address for a while, after too many failed attempts; correct what failed before', isPassing: false },
  'polling-too-fast': { message: 'the control plane finds that this agent polls far too often; something on the way may repeat its polls', isPassing: false },
  'too-many-connections': { message: 'the environment has too many agents connected; stop those that are not needed', isPassing: false },
  'event-store-unavailable': { message: 'the control plane cannot record anything at the moment; it is tried again', isPassing: true },
  'control-plane-stopping': { message: 'the control plane is stopping, or starting anew; it is tried again', isPassing: true },
};

/** The advice for a reason code; a general one for codes this agent does not know yet. */
export function refusalAdvice(reason: string): RefusalAdvice {
  return ADVICE[reason] ?? { message: 'the control plane refuses this agent', isPassing: false };
}
