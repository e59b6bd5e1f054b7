/** Load → decide → append for one kind of stream, with the states of recent streams in memory. */
import { decodeEvent } from '../domain/event-codec.ts';
import type { Decider } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import { EventStoreError, type EventReader, type Position } from '../event-store/port.ts';
import type { EventLog } from './event-log.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';

export interface Outcome<State, Event> {
  readonly events: readonly Event[];
  readonly state: State;
  /** Of the last event appended; undefined where nothing was. */
  readonly position: Position | undefined;
}

export interface Aggregates<State, Command, Event> {
  /**
   * Decides on the newest state and records what follows. Commands on one stream are decided one after the other; where
   * another process appended meanwhile, the stream is loaded and decided again. `onlyIf` is asked about each state that is decided on.
   * Throws {@link import('../domain/refusal.ts').Refusal} and {@link ApplicationError} event-store-unavailable, conflict, precondition-failed.
   */
  execute(stream: string, command: Command, context: CommandContext, onlyIf?: (state: State) => boolean): Promise<Outcome<State, Event>>;
  /** The state of a stream, from memory where it is there. */
  load(stream: string): Promise<State>;
  /** The state where it is in memory. */
  peek(stream: string): State | undefined;
  /** Called after each append, in order, with what was recorded. */
  onRecorded(listener: (stream: string, outcome: Outcome<State, Event>) => void): void;
}

interface Entry<State> {
  state: State;
  /** The stream's last revision; -1 where it has no events. */
  revision: number;
}

/** How often a decision is made again after losing to another writer, before `conflict`. */
const attempts = 8;

/** Creates the use of one decider over streams. */
export function createAggregates<State, Command, Event extends DomainEvent>(deps: {
  readonly decider: Decider<State, Command, Event>;
  readonly log: EventLog;
  readonly reader: EventReader;
  /** How many streams' states are kept in memory, oldest use first out. */
  readonly cached?: number;
}): Aggregates<State, Command, Event> {
  const { decider, log, reader, cached = 200_000 } = deps;
  const entries = new Map<string, Entry<State>>();
  /** Streams whose last append got no answer, by the revision known before: what it did is announced once it is read. */
  const inDoubt = new Map<string, number>();
  const queues = new Map<string, Promise<unknown>>();
  const listeners: ((stream: string, outcome: Outcome<State, Event>) => void)[] = [];

  async function read(stream: string): Promise<Entry<State>> {
    const entry: Entry<State> = { state: decider.initialState, revision: -1 };
    const known = inDoubt.get(stream);
    const news: Event[] = [];
    try {
      for await (const page of reader.readStream(stream)) {
        for (const recorded of page) {
          const event = decodeEvent(recorded);
          if (event !== undefined) entry.state = decider.evolve(entry.state, event as Event);
          entry.revision = recorded.revision;
          if (event !== undefined && known !== undefined && recorded.revision > known) news.push(event as Event);
        }
      }
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      if (error.code !== 'stream-not-found') {
        throw new ApplicationError('event-store-unavailable', 'the event store cannot be read now; try again shortly', {
          retryAfterSeconds: 5,
          cause: error,
        });
      }
    }
    inDoubt.delete(stream);
    if (news.length > 0) announce(stream, { events: news, state: entry.state, position: undefined });
    // What does not exist is not kept: anyone may ask for it.
    if (entry.revision >= 0) remember(stream, entry);
    return entry;
  }

  function remember(stream: string, entry: Entry<State>): void {
    entries.delete(stream);
    entries.set(stream, entry);
    if (entries.size <= cached) return;
    const oldest = entries.keys().next();
    if (oldest.done === false) entries.delete(oldest.value);
  }

  function announce(stream: string, outcome: Outcome<State, Event>): void {
    for (const listener of listeners) listener(stream, outcome);
  }

  /** Runs `task` after all earlier ones of the same stream. */
  function inTurn<Result>(stream: string, task: () => Promise<Result>): Promise<Result> {
    const before = queues.get(stream) ?? Promise.resolve();
    const mine = before.then(task, task);
    queues.set(stream, mine);
    const tidy = () => {
      if (queues.get(stream) === mine) queues.delete(stream);
    };
    mine.then(tidy, tidy);
    return mine;
  }

  async function decideAndAppend(stream: string, command: Command, context: CommandContext, onlyIf: (state: State) => boolean): Promise<Outcome<State, Event>> {
    let entry = entries.get(stream) ?? (await read(stream));
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (!onlyIf(entry.state)) throw new ApplicationError('precondition-failed', 'somebody changed it meanwhile; read it again, and change what is there now');
      const events = decider.decide(command, entry.state);
      if (events.length === 0) return { events, state: entry.state, position: undefined };
      let appended: Awaited<ReturnType<EventLog['append']>>;
      try {
        const expectedRevision = entry.revision < 0 ? 'no-stream' : entry.revision;
        appended = await log.append(stream, log.prepare(events, context), { expectedRevision });
      } catch (error) {
        // What was not acknowledged may be recorded all the same: believe the store, not the memory.
        entries.delete(stream);
        if (!inDoubt.has(stream)) inDoubt.set(stream, entry.revision);
        if (!(error instanceof EventStoreError) || error.code !== 'wrong-expected-revision') throw error;
        entry = await read(stream);
        continue;
      }
      const state = events.reduce((before, event) => decider.evolve(before, event), entry.state);
      remember(stream, { state, revision: appended.revision });
      const outcome = { events, state, position: appended.position };
      announce(stream, outcome);
      return outcome;
    }
    throw new ApplicationError('conflict', 'others kept changing this at the same time; try again');
  }

  return {
    execute: (stream, command, context, onlyIf = () => true) => inTurn(stream, () => decideAndAppend(stream, command, context, onlyIf)),
    load: async (stream) => (entries.get(stream) ?? (await inTurn(stream, async () => entries.get(stream) ?? read(stream)))).state,
    peek: (stream) => entries.get(stream)?.state,
    onRecorded(listener) {
      listeners.push(listener);
    },
  };
}
