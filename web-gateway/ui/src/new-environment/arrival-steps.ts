/** How far an agent has come: polled, associated, ready. From what is recorded, so that a page that is opened later shows the same. */
import type { Environment, TimelineEntry } from '../api/answer.ts';

/** One of three, in this order. */
export interface ArrivalStep {
  readonly name: 'polled' | 'associated' | 'ready';
  readonly title: string;
  /** `trouble` is there, and not as it should be. */
  readonly state: 'waiting' | 'done' | 'trouble';
  readonly at: string | null;
  readonly says: string;
}

interface AgentReport {
  readonly node?: string;
  readonly version?: string;
  readonly engine?: { readonly name: string; readonly version: string } | null;
}

/** @param entries of the environment's agents, oldest first */
export function arrivalSteps(environment: Environment, entries: readonly TimelineEntry[]): readonly ArrivalStep[] {
  const { association, agents, heartbeat, edgeId, issuedEdgeId, platform, snapshot } = environment;
  const seen = entries.filter(({ type }) => type === 'AgentSeen');
  const report = seen[0]?.details['report'] as AgentReport | undefined;
  const isHere = association.state === 'associated';
  const polledAt = seen[0]?.time ?? association.at;
  const agent = agents.find(({ engine }) => engine !== null) ?? agents[0];
  const engine = agent?.engine ?? null;
  const withEngine = seen.find(({ details }) => ((details['report'] as AgentReport | undefined)?.engine ?? null) !== null);
  const isReady = isHere && engine !== null && heartbeat.state === 'up';
  const trouble = isHere && engine === null && agents.length > 0 ? (snapshot?.lastFailure?.detail ?? 'its engine does not answer') : undefined;

  return [
    {
      name: 'polled',
      title: 'Polled',
      state: isHere ? 'done' : 'waiting',
      at: isHere ? polledAt : null,
      says: isHere ? `The agent on ${report?.node ?? agent?.node ?? 'its machine'} called from ${association.addresses.join(', ') || 'an unknown address'}${report?.version === undefined ? '' : `; version ${report.version}`}.` : 'The agent calls this server. Nothing here calls the agent.',
    },
    {
      name: 'associated',
      title: 'Associated',
      state: isHere ? 'done' : 'waiting',
      at: association.at,
      says: isHere ? `Its Edge ID is ${edgeId ?? ''}${edgeId === issuedEdgeId ? ', the one issued' : ', which is not the one issued'}.` : 'Its join token is checked, and its Edge ID belongs to this environment from then on.',
    },
    {
      name: 'ready',
      title: 'Ready',
      state: isReady ? 'done' : trouble === undefined ? 'waiting' : 'trouble',
      at: isReady ? (withEngine?.time ?? association.at) : null,
      says: isReady ? `${engineName(engine.name)} ${engine.version}${platform === null ? '' : ` on ${platform}`} answers.` : trouble === undefined ? 'Its engine answers, and it polls on.' : `The agent is here, but its engine is not: ${trouble}.`,
    },
  ];
}

/** As its makers write it. */
function engineName(name: string): string {
  return name === 'docker' ? 'Docker' : name === 'podman' ? 'Podman' : name;
}
