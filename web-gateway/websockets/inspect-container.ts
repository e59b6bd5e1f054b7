/** What has to be known of a container to show what it says. */
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';
import { processState, type ProcessState } from './how-it-ended.ts';

export interface InspectedContainer extends ProcessState {
  /** Whether it has a terminal: its output comes in frames where it has none. */
  readonly isTerminal: boolean;
}

/** Throws what the engine caller's `ask` throws. */
export async function inspectContainer({ engine, container, signal }: Pick<ContainerSession, 'engine' | 'container' | 'signal'>): Promise<InspectedContainer> {
  const answer = (await engine.ask({ method: 'GET', path: `/containers/${container}/json`, signal })) as { Config?: { Tty?: unknown } | null; State?: object | null } | null | undefined;
  if (typeof answer !== 'object' || answer === null) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: it tells nothing of the container.');
  return { isTerminal: answer.Config?.Tty === true, ...processState(answer.State ?? {}) };
}
