/** Environments as aggregates, by id. */
import type { EnvironmentCommand, EnvironmentState } from '../domain/environment.ts';
import type { EnvironmentEvent } from '../domain/events.ts';
import type { Aggregates, Outcome } from './aggregates.ts';
import type { CommandContext } from './ports/command-context.ts';

export interface EnvironmentStreams {
  execute(environmentId: string, command: EnvironmentCommand, context: CommandContext, onlyIf?: (state: EnvironmentState) => boolean): Promise<Outcome<EnvironmentState, EnvironmentEvent>>;
  load(environmentId: string): Promise<EnvironmentState>;
  /** The state where it is in memory. */
  peek(environmentId: string): EnvironmentState | undefined;
  /** Called after each change with what was recorded. */
  onRecorded(listener: (environmentId: string, events: readonly EnvironmentEvent[]) => void): void;
}

/** Names the streams of environments. */
export function createEnvironmentStreams(aggregates: Aggregates<EnvironmentState, EnvironmentCommand, EnvironmentEvent>): EnvironmentStreams {
  const prefix = 'environment-';
  const stream = (environmentId: string) => `${prefix}${environmentId}`;
  return {
    execute: (environmentId, command, context, onlyIf) => aggregates.execute(stream(environmentId), command, context, onlyIf),
    load: (environmentId) => aggregates.load(stream(environmentId)),
    peek: (environmentId) => aggregates.peek(stream(environmentId)),
    onRecorded(listener) {
      aggregates.onRecorded((name, { events }) => {
        listener(name.slice(prefix.length), events);
      });
    },
  };
}
