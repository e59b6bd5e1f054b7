/** `homeport events`: history as a table or JSON, and what happens now. */
import { Command } from 'commander';
import { filterOf, withFilterFlags } from '../filter-flags.ts';
import type { FilterFlags } from '../filter-flags.ts';
import { flag, positiveInteger } from '../flags.ts';
import { withHistory, withHistoryFlags } from '../history-source.ts';
import type { HistoryFlags } from '../history-source.ts';
import { createListPrinter } from '../list-printer.ts';
import { isJson, renderList, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import type { EnvironmentNames } from '../rest/environment-names.ts';
import type { Event } from '../rest/events.ts';
import { interruption } from '../stop-signals.ts';
import { eventsExportCommand } from './events-export.ts';
import { eventsImportCommand } from './events-import.ts';
import { eventsVerifyCommand } from './events-verify.ts';

type Flags = HistoryFlags & OutputFlags & FilterFlags & { readonly reverse?: true; readonly limit?: number };

/** Wide enough for what usually stands there, so that pages and live lines align. */
const layoutWith = (names: EnvironmentNames): Layout<Event> => ({
  columns: [
    { title: 'TIME', of: ({ time }) => time, width: 24 },
    { title: 'TYPE', of: ({ type }) => type, width: 24 },
    { title: 'ENVIRONMENT', of: ({ data }) => names.of(String(data.environmentId)) ?? textOf(data.environmentId), width: 12 },
    { title: 'ACTOR', of: ({ metadata }) => textOf(metadata.actor), width: 30 },
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
  const list = withHistoryListFlags(new Command('list').alias('ls').description('list what was recorded, oldest first'))
    .addOption(flag('--reverse', 'newest first'))
    .addOption(flag('--limit <n>', 'at most so many').argParser(positiveInteger));
  const tail = withHistoryListFlags(new Command('tail').description('print what is recorded from now on, or from --from on, until interrupted'));
  return new Command('events')
    .description('who did what, where and when')
    .addCommand(list.action(listEvents))
    .addCommand(tail.action(tailEvents))
    .addCommand(eventsExportCommand())
    .addCommand(eventsImportCommand())
    .addCommand(eventsVerifyCommand());
}

function withHistoryListFlags(command: Command): Command {
  return withHistoryFlags(withOutputFlags(withFilterFlags(command)));
}

async function listEvents(flags: Flags, self: Command): Promise<void> {
  await withHistory(flags, self, async (source) => {
    const filter = await filterOf(source, flags);
    const order = flags.reverse === true ? 'desc' : 'asc';
    const printer = createListPrinter(layoutWith(source.names), flags);
    for await (const events of source.read(filter, { order, ...(flags.limit === undefined ? {} : { limit: flags.limit }) })) {
      if (isTable(flags)) await source.names.learn(environmentsOf(events));
      printer.print(events);
    }
    if (isJson(flags) || printer.count > 0) printer.end();
    else process.stderr.write('homeport: nothing that was recorded matches\n');
  });
}

/** JSON is one object a line, for whoever reads along. */
async function tailEvents(flags: Flags, self: Command): Promise<void> {
  const { signal, release } = interruption();
  try {
    await withHistory(flags, self, async (source) => {
      const filter = await filterOf(source, flags);
      const layout = layoutWith(source.names);
      if (!isJson(flags)) process.stdout.write(renderList([], layout, flags));
      for await (const event of source.follow(filter, signal)) {
        if (isTable(flags)) await source.names.learn(environmentsOf([event]));
        process.stdout.write(isJson(flags) ? `${JSON.stringify(event)}\n` : renderList([event], layout, flags, { hasTitles: false }));
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
}

/** A table shows names; what is for programs has ids alone. */
function isTable(flags: Flags): boolean {
  return !isJson(flags) && flags.quiet !== true && flags.output !== 'name';
}

function environmentsOf(events: readonly Event[]): string[] {
  return events.flatMap(({ data }) => textOf(data.environmentId) ?? []);
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
