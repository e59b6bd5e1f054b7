/** The agents whose poll calls are open, and what is known of each call. */
import type { CommandContext } from './ports/command-context.ts';
import type { AgentRefused, EndpointsInUse, PollAnswer } from './ports/poll-admission.ts';
import type { PresentAgent, Presence } from './presence.ts';

export interface ConnectedAgent {
  /** What it said last; undefined from one that knows nothing of endpoints. */
  inUse: EndpointsInUse | undefined;
  /** The time for its return that it was told last: not what would be told now, where a whole fleet is leaving. */
  toldSpreadMs: number;
  /** The version it was told on this call. */
  toldVersion: number | undefined;
  /** Whether what it says of its address is still to be looked at. */
  isAddressNews: boolean;
  readonly agent: PresentAgent;
  readonly context: CommandContext;
  readonly push: (answer: PollAnswer) => void;
  readonly end: (refusal: AgentRefused) => void;
  /** It counts no more among the calls of its agent. */
  readonly leave: () => void;
}

export interface ConnectedAgents {
  add(entry: ConnectedAgent): void;
  get(agent: PresentAgent): ConnectedAgent | undefined;
  /** False where it was not there any more. */
  remove(agent: PresentAgent): boolean;
  all(): ConnectedAgent[];
  /** Those of one environment, without a look at all others. */
  of(environmentId: string): ConnectedAgent[];
}

/** Creates the register; nobody is connected yet. */
export function createConnectedAgents(presence: Pick<Presence, 'present'>): ConnectedAgents {
  const entries = new Map<PresentAgent, ConnectedAgent>();
  return {
    add: (entry) => void entries.set(entry.agent, entry),
    get: (agent) => entries.get(agent),
    remove: (agent) => entries.delete(agent),
    all: () => [...entries.values()],
    of: (environmentId) => presence.present(environmentId, null).flatMap((agent) => entries.get(agent) ?? []),
  };
}
