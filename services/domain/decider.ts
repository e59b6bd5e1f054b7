/** The shape of every decider: pure functions over plain records. */

export interface Decider<State, Command, Event> {
  readonly initialState: State;
  /** What follows from a command, perhaps nothing. Throws {@link import('./refusal.ts').Refusal}. */
  readonly decide: (command: Command, state: State) => readonly Event[];
  /** The state after an event. Never throws: what happened, happened. */
  readonly evolve: (state: State, event: Event) => State;
}
