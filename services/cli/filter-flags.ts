/** The flags that say which events are asked for. */
import type { Command } from 'commander';
import { flag, instant, several } from './flags.ts';
import type { EventFilter } from './rest/events.ts';

export interface FilterFlags {
  readonly stream?: string;
  readonly category?: readonly string[];
  readonly type?: readonly string[];
  readonly environment?: string;
  readonly actor?: string;
  readonly withoutPolls?: true;
  readonly changes?: true;
  readonly from?: string;
  readonly to?: string;
}

/** Adds them. */
export function withFilterFlags(command: Command): Command {
  return command
    .addOption(flag('--stream <name>', 'only this stream, such as environment-<id>'))
    .addOption(flag('--category <name>', 'only streams of this category, such as tunnel; may be given several times').argParser(several))
    .addOption(flag('--type <type>', 'only events of this type, such as TunnelOpened; may be given several times').argParser(several))
    .addOption(flag('--environment <env>', 'only what concerns this environment, by name or id; also one that was removed'))
    .addOption(flag('--actor <actor>', 'only what this one did: a username, or an actor as the table shows it, or what that begins with, such as system'))
    .addOption(flag('--changes', 'only what changed something: no polls, no calls that only read, no refusals, and nothing of the record itself'))
    .addOption(flag('--without-polls', 'leave out AgentPolled, which is most of what is recorded'))
    .addOption(flag('--from <instant>', 'from this instant on, such as 2026-01-31T12:00:00Z').argParser(instant))
    .addOption(flag('--to <instant>', 'up to before this instant').argParser(instant));
}

/** What they ask for; an environment is found by its name. Throws as `findEnvironment` does. */
export async function filterOf({ findEnvironment }: { findEnvironment(nameOrId: string): Promise<string> }, flags: FilterFlags): Promise<EventFilter> {
  const { stream, category: categories, type: types, actor, withoutPolls, changes, from, to } = flags;
  const environment = flags.environment === undefined ? undefined : await findEnvironment(flags.environment);
  const entries = Object.entries({ stream, categories, types, environment, actor, withoutPolls, changes, from, to });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
