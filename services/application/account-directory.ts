/** All accounts in memory, as their streams say: found by id and by name, and whoever needs to know hears of each change. */
import type { AccountCommand, AccountEvent, AccountState, ActiveAccount } from '../domain/account.ts';
import type { EventReader } from '../event-store/port.ts';
import type { Aggregates, Outcome } from './aggregates.ts';
import { type Clock, instantOf } from './clock.ts';
import type { CommandContext } from './ports/command-context.ts';

type WithoutAddress<Command> = Command extends AccountCommand ? Omit<Command, 'at' | 'userId'> : never;

/** A command without what the directory knows itself. */
export type UnaddressedCommand = WithoutAddress<AccountCommand>;

export interface AccountDirectory {
  /** Reads them; must come before anything else. */
  start(): Promise<void>;
  find(userId: string): ActiveAccount | undefined;
  /** Ignoring case. */
  named(username: string): ActiveAccount | undefined;
  /** The oldest first. */
  all(): readonly ActiveAccount[];
  /** Throws {@link import('../domain/refusal.ts').Refusal} and ApplicationError event-store-unavailable, conflict. */
  execute(userId: string, command: UnaddressedCommand, context: CommandContext): Promise<Outcome<AccountState, AccountEvent>>;
  /** Called after each change, with what there was before; undefined is no account. */
  onChanged(listener: (userId: string, after: ActiveAccount | undefined, before: ActiveAccount | undefined) => void): void;
}

const PREFIX = 'user-';

/** Creates the directory. */
export function createAccountDirectory(deps: {
  readonly aggregates: Aggregates<AccountState, AccountCommand, AccountEvent>;
  readonly reader: EventReader;
  readonly clock: Clock;
}): AccountDirectory {
  const { aggregates, reader, clock } = deps;
  const accounts = new Map<string, ActiveAccount>();
  const ids = new Map<string, string>();
  const listeners: Parameters<AccountDirectory['onChanged']>[0][] = [];

  aggregates.onRecorded((stream, { state }) => {
    take(stream.slice(PREFIX.length), state);
  });

  function take(userId: string, state: AccountState): void {
    const before = accounts.get(userId);
    const after = state.status === 'active' ? state : undefined;
    if (before !== undefined && ids.get(before.username.toLowerCase()) === userId) ids.delete(before.username.toLowerCase());
    if (after === undefined) {
      accounts.delete(userId);
    } else {
      accounts.set(userId, after);
      ids.set(after.username.toLowerCase(), userId);
    }
    for (const listener of listeners) listener(userId, after, before);
  }

  return {
    async start() {
      const states = new Map<string, AccountState>();
      for await (const page of reader.readAll({ filter: { streamPrefixes: [PREFIX] } })) {
        for (const { stream } of page) {
          if (!states.has(stream)) states.set(stream, await aggregates.load(stream));
        }
      }
      for (const [stream, state] of states) take(stream.slice(PREFIX.length), state);
    },
    find: (userId) => accounts.get(userId),
    named(username) {
      const userId = ids.get(username.toLowerCase());
      return userId === undefined ? undefined : accounts.get(userId);
    },
    all: () => [...accounts.values()].sort((a, b) => (a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.userId < b.userId) ? -1 : 1)),
    execute: (userId, command, context) => aggregates.execute(`${PREFIX}${userId}`, { ...command, at: instantOf(clock), userId }, context),
    onChanged(listener) {
      listeners.push(listener);
    },
  };
}
