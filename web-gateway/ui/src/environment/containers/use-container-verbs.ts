/** Doing something with one container: whether it may be done, asking where it destroys, and doing it. */
import type { Question } from '../../parts/confirm-dialog.tsx';
import { isAgentsOwn, WHY_KEPT } from '../engine/agents-own-container.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';
import { useEngineAction } from '../engine/use-engine-action.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { containerAction, containerVerbs, type ContainerVerb } from './container-actions.ts';

/** What may be done, and doing it. */
export interface ContainerVerbs {
  act(verb: ContainerVerb): void;
  /** Null where it can be done. */
  whyNot(verb: ContainerVerb): string | null;
  readonly isBusy: boolean;
}

/** @param ask asks before something is destroyed */
export function useContainerVerbs(container: Pick<ContainerRow, 'id' | 'name' | 'image' | 'labels' | 'state'>, ask: (question: Question) => void): ContainerVerbs {
  const { environment, whyNoActions } = useEnvironmentPage();
  const { run, isBusy } = useEngineAction();
  const { name, state } = container;

  return {
    act(verb) {
      const action = containerAction(verb, [container], name);
      if (verb !== 'remove' && verb !== 'kill') return void run(action);
      const text = verb === 'kill' ? 'Its process is ended at once, without a chance to save anything.' : `It is removed with its anonymous volumes${state === 'running' ? ', though it runs' : ''}. What was written inside of it is lost.`;
      ask({ title: `${containerVerbs[verb].label} ${name}?`, text, action: containerVerbs[verb].label, onConfirm: () => void run(action) });
    },
    whyNot(verb) {
      if (whyNoActions !== null) return whyNoActions;
      return containerVerbs[verb].isHarmful && isAgentsOwn(container, environment.agents.map(({ node }) => node)) ? WHY_KEPT : null;
    },
    isBusy,
  };
}
