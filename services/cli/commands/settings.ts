/** `homeport settings`: what an operator may change while the server runs. */
import { Command } from 'commander';
import { misuse } from '../cli-error.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { parseSetting, readableSetting } from '../setting-value.ts';
import type { SettingValue } from '../setting-value.ts';

type Settings = Readonly<Record<string, SettingValue>>;
type Flags = ConnectionFlags & OutputFlags;

const PATH = '/settings';

export function settingsCommand(): Command {
  return new Command('settings').description('what can be changed while the server runs').addCommand(showCommand()).addCommand(setCommand());
}

function showCommand(): Command {
  const command = new Command('show').alias('inspect').alias('list').alias('ls').description('show all settings');
  return withFlags(command).action((flags: Flags) => withClient(flags, async (client) => print(await read(client), flags)));
}

function setCommand(): Command {
  const command = new Command('set')
    .description('change settings, by their names as `settings show` prints them')
    .argument('<name=value...>', 'what to set; durations and sizes may have a unit')
    .addHelpText('after', '\nExamples:\n  homeport settings set pollIntervalSeconds=30\n  homeport settings set snapshotRetentionDays=60d pollRetentionBytes=2GiB auditMode=available\n  homeport settings set operatorDeniedOperations=exec,attach,prune');
  return withFlags(command).action(async (assignments: readonly string[], flags: Flags) => {
    const pairs = assignments.map(parseAssignment);
    await withClient(flags, async (client) => {
      const now = await read(client);
      const body = Object.fromEntries(pairs.map(([name, text]) => [name, valueOf(now, name, text)]));
      print((await client.call('PATCH', PATH, { body })).body as Settings, flags);
    });
  });
}

function parseAssignment(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw misuse(`${text} sets nothing: give NAME=VALUE, such as pollIntervalSeconds=10`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function valueOf(now: Settings, name: string, text: string): SettingValue {
  const value = Object.hasOwn(now, name) ? now[name] : undefined;
  if (value === undefined) throw misuse(`there is no setting ${name}: it is one of ${Object.keys(now).join(', ')}`);
  return parseSetting(name, text, value);
}

async function read(client: RestClient): Promise<Settings> {
  return (await client.call('GET', PATH)).body as Settings;
}

function print(settings: Settings, flags: OutputFlags): void {
  process.stdout.write(renderOne(settings, layoutOf(settings), flags));
}

/** The names are the ids, and one thing has as many as it has settings. */
function layoutOf(settings: Settings): Layout<Settings> {
  const names = Object.keys(settings);
  return {
    columns: names.map((title) => ({ title, of: (row) => readableSetting(title, row[title] ?? '') })),
    name: () => 'settings',
    id: () => 'settings',
  };
}

function withFlags(command: Command): Command {
  return withConnectionFlags(withOutputFlags(command));
}
