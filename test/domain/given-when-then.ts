/** Specs of deciders: given events, when a command, then events or a refusal. */
import { expect } from 'chai';
import type { Decider } from '../../services/domain/decider.ts';
import { Refusal, type RefusalCode } from '../../services/domain/refusal.ts';

export interface Given<State, Command, Event> {
  when(command: Command): {
    then(...events: readonly Event[]): void;
    thenNothing(): void;
    thenRefused(code: RefusalCode): void;
  };
  /** The state itself. */
  state(): State;
}

/** Starts a spec of `decider` after `events`. */
export function given<State, Command, Event>(decider: Decider<State, Command, Event>, ...events: readonly Event[]): Given<State, Command, Event> {
  const state = events.reduce((before, event) => decider.evolve(before, event), decider.initialState);
  return {
    state: () => state,
    when(command) {
      const decide = () => decider.decide(command, state);
      return {
        then(...expected) {
          expect(decide()).to.deep.equal(expected);
        },
        thenNothing() {
          expect(decide()).to.deep.equal([]);
        },
        thenRefused(code) {
          expect(decide).to.throw(Refusal).with.property('code', code);
        },
      };
    },
  };
}
