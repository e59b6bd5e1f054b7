/** `homeport events`: history as a table or JSON, and what happens now. */
import { Command } from 'commander';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { flag, instant, positiveInteger } from '../flags.ts';
import { isJson, renderList, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { withLocalClient } from '../local-client.ts';
import { createEnvironmentNames } from '../rest/environment-names.ts';
import type { EnvironmentNames } from '../rest/environment-names.ts';
import { findRecordedEnvironment } from '../rest/recorded-environments.ts';
import { followEvents, readHistory } from '../rest/events.ts';
import type { Event, EventFilter } from '../rest/events.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { interruption } from '../stop-signals.ts';
import { eventsVerifyCommand } from './events-verify.ts';

interface Flags extends ConnectionFlags, OutputFlags, EventFilter {
  readonly dataDir?: string;
  readonly withoutPolls?: true;
  readonly reverse?: true;
  readonly limit?: number;
}

/** Wide enough for what usually stands there, so that pages and live lines align. */
const layoutWith = (names: EnvironmentNames): Layout<Event> => ({
  columns: [
    { title: 'TIME', of: ({ time }) => time, width: 24 },
    { title: 'TYPE', of: ({ type }) => type, width: 24 },
    { title: 'ENVIRONMENT', of: ({ data }) => names.of(String(data.environmentId)) ?? textOf(data.environmentId), width: 12 },
    { title: 'ACTOR', of: ({ metadata }) => textOf(metadata.actor), width: 20 },
    { title: 'CORRELATION', of: ({ metadata }) => textOf(metadata.$correlationId), width: 36 },
    { title: 'STREAM', of: ({ stream, revision }) => `${stream}@${revision}`, isWide: true, width: 32 },
    { title: 'POSITION', of: ({ position }) => position, isWide: true, width: 10 },
    { title: 'RECORDED', of: ({ recordedAt }) => recordedAt, isWide: true, width: 24 },
    { title: 'WHAT', of: ({ data }) => summary(data) },
  ],
  name: ({ type }) => type,
  id: ({ id }) => id,
});

export function eventsCommand(): Command {
  const list = withFilterFlags(new Command('list').alias('ls').description('list what was recorded, oldest first'))
    .addOption(flag('--reverse', 'newest first'))
    .addOption(flag('--limit <n>', 'at most so many').argParser(positiveInteger));
  const tail = withFilterFlags(new Command('tail').description('print what is recorded from now on, or from --from on, until interrupted'));
  return new Command('events')
    .description('who did what, where and when')
    .addCommand(list.action(listEvents))
    .addCommand(tail.action(tailEvents))
    .addCommand(eventsVerifyCommand());
}

function withFilterFlags(command: Command): Command {
  command
    .addOption(flag('--stream <name>', 'only this stream, such as environment-<id>'))
    .addOption(flag('--category <name>', 'only streams of this category, such as tunnel'))
    .addOption(flag('--type <type>', 'only events of this type, such as TunnelOpened'))
    .addOption(flag('--environment <env>', 'only what concerns this environment, by name or id; also one that was removed'))
    .addOption(flag('--without-polls', 'leave out AgentPolled, which is most of what is recorded'))
    .addOption(flag('--from <instant>', 'from this instant on, such as 2026-01-31T12:00:00Z').argParser(instant))
    .addOption(flag('--to <instant>', 'up to before this instant').argParser(instant))
    .addOption(flag('--data-dir <folder>', "read this data directory on the server's own machine, with or without its server running"));
  return withConnectionFlags(withOutputFlags(command));
}

async function listEvents(flags: Flags): Promise<void> {
  await withSource(flags, async (client) => {
    const filter = await filterOf(client, flags);
    const order = flags.reverse === true ? 'desc' : 'asc';
    const names = createEnvironmentNames(client);
    const layout = layoutWith(names);
    const json: Event[] = [];
    let isFirst = true;
    const options = { order, ...(flags.limit === undefined ? {} : { limit: flags.limit }), ...(flags.withoutPolls === true ? { isWanted: isNoPoll } : {}) } as const;
    for await (const events of readHistory(client, filter, options)) {
      if (isTable(flags)) await names.learn(environmentsOf(events));
      if (isJson(flags)) json.push(...events);
      else process.stdout.write(renderList(events, layout, flags, { hasTitles: isFirst }));
      isFirst = false;
    }
    if (isJson(flags)) process.stdout.write(renderList(json, layout, flags));
    else if (isFirst) process.stderr.write('homeport: nothing that was recorded matches\n');
  });
}

/** JSON is one object a line, for whoever reads along. */
async function tailEvents(flags: Flags): Promise<void> {
  const { signal, release } = interruption();
  try {
    await withSource(flags, async (client) => {
      const filter = await filterOf(client, flags);
      const names = createEnvironmentNames(client);
      const layout = layoutWith(names);
      if (!isJson(flags)) process.stdout.write(renderList([], layout, flags));
      for await (const event of followEvents(client, filter, signal)) {
        if (flags.withoutPolls === true && !isNoPoll(event)) continue;
        if (isTable(flags)) await names.learn(environmentsOf([event]));
        process.stdout.write(isJson(flags) ? `${JSON.stringify(event)}\n` : renderList([event], layout, flags, { hasTitles: false }));
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
}

/** A data directory where one is named and no server is; else the server. */
function withSource(flags: Flags, use: (client: RestClient) => Promise<void>): Promise<void> {
  return flags.dataDir !== undefined && flags.url === undefined ? withLocalClient(flags.dataDir, use) : withClient(flags, use);
}

async function filterOf(client: RestClient, flags: Flags): Promise<EventFilter> {
  const { stream, category, type, from, to } = flags;
  const environment = flags.environment === undefined ? undefined : await findRecordedEnvironment(client, flags.environment);
  const entries = Object.entries({ stream, category, type, environment, from, to });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A table shows names; what is for programs has ids alone. */
function isTable(flags: Flags): boolean {
  return !isJson(flags) && flags.quiet !== true && flags.output !== 'name';
}

function environmentsOf(events: readonly Event[]): string[] {
  return events.flatMap(({ data }) => textOf(data.environmentId) ?? []);
}

function isNoPoll({ type }: Event): boolean {
  return type !== 'AgentPolled';
}

/** What has a column of its own, or says the same as one. */
const ELSEWHERE = ['at', 'environmentId', 'callId'];

/** The event's own plain values. */
function summary(data: Event['data']): string {
  return Object.entries(data)
    .filter(([name, value]) => !ELSEWHERE.includes(name) && value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
