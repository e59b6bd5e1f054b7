/** Doing something with one container: whether it may be done, asking where it destroys, and doing it. */
import { useState } from 'react';
import type { Question } from '../../parts/confirm-dialog.tsx';
import { isAgentsOwn, WHY_KEPT } from '../engine/agents-own-container.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';
import { useEngineAction, type EngineAction } from '../engine/use-engine-action.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { containerAction, containerVerbs, type ContainerVerb } from './container-actions.ts';

/** What may be done, and doing it. */
export interface ContainerVerbs {
  act(verb: ContainerVerb): void;
  /** Null where it can be done. */
  whyNot(verb: ContainerVerb): string | null;
  /** Whether it is being done. */
  isUnderWay(verb: ContainerVerb): boolean;
  /** Whether something else is being done that it would get in the way of: killing gets in nobody's, it ends a stop that takes long. */
  waits(verb: ContainerVerb): boolean;
}

/** @param ask asks before something is destroyed */
export function useContainerVerbs(container: Pick<ContainerRow, 'id' | 'name' | 'image' | 'labels' | 'state'>, ask: (question: Question) => void): ContainerVerbs {
  const { environment, whyNoActions } = useEnvironmentPage();
  const { run: runAction } = useEngineAction();
  const [underWay, setUnderWay] = useState<readonly ContainerVerb[]>([]);
  const { name, state } = container;

  function run(verb: ContainerVerb, action: EngineAction): void {
    setUnderWay((verbs) => [...verbs, verb]);
    void runAction(action).then(() => setUnderWay((verbs) => verbs.toSpliced(verbs.indexOf(verb), 1)));
  }

  return {
    act(verb) {
      const action = containerAction(verb, [container], name);
      if (verb !== 'remove' && verb !== 'kill') return run(verb, action);
      const text = verb === 'kill' ? 'Its process is ended at once, without a chance to save anything.' : `It is removed with its anonymous volumes${state === 'running' ? ', though it runs' : ''}. What was written inside of it is lost.`;
      ask({ title: `${containerVerbs[verb].label} ${name}?`, text, action: containerVerbs[verb].label, onConfirm: () => run(verb, action) });
    },
    whyNot(verb) {
      if (whyNoActions !== null) return whyNoActions;
      return containerVerbs[verb].isHarmful && isAgentsOwn(container, environment.agents.map(({ node }) => node)) ? WHY_KEPT : null;
    },
    isUnderWay: (verb) => underWay.includes(verb),
    waits: (verb) => verb !== 'kill' && underWay.length > 0 && !underWay.includes(verb),
  };
}
