/** `homeport replay`: environments and tunnels as they were at an instant, from the events alone. */
import { Command } from 'commander';
import type { Replay, ReplayedEnvironment } from '../../../projections/replay.ts';
import { flag, instant } from '../flags.ts';
import { withHistory, withHistoryFlags } from '../history-source.ts';
import type { HistoryFlags } from '../history-source.ts';
import { interruptible } from '../interruptible.ts';
import { createListPrinter } from '../list-printer.ts';
import { withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { createProgressBar } from '../progress-bar.ts';
import { withReplay } from '../replay/replay-history.ts';

type Flags = HistoryFlags & OutputFlags & { readonly asOf: string };

/** As JSON shows it. */
type Past = ReplayedEnvironment['environment'] & { readonly approximate: readonly string[] };

const LAYOUT: Layout<Past> = {
  columns: [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'ID', of: ({ id }) => id },
    { title: 'STATUS', of: ({ status }) => status },
    { title: 'TUNNEL', of: ({ tunnel }) => tunnel.state },
    { title: 'TUNNEL SINCE', of: ({ tunnel }) => tunnel.since },
    { title: 'LAST POLL', of: ({ heartbeat, approximate }) => lastPoll(heartbeat.lastPolledAt, isLastPollApproximate(approximate)) },
    { title: 'TAGS', of: ({ tags }) => tags.join(',') },
    { title: 'NODE TUNNELS', of: ({ tunnels }) => tunnels.map(({ node, state }) => `${node ?? ''}:${state}`).join(','), isWide: true },
    { title: 'HEARTBEAT', of: ({ heartbeat }) => heartbeat.state, isWide: true },
    { title: 'PLATFORM', of: ({ platform }) => platform, isWide: true },
    { title: 'AGENTS', of: ({ agents }) => agents.map(({ node, version }) => `${node}@${version}`).join(','), isWide: true },
    { title: 'EDGE ID', of: ({ edgeId }) => edgeId, isWide: true },
    { title: 'ADDRESS', of: ({ address }) => address, isWide: true },
    { title: 'CREATED', of: ({ createdAt }) => createdAt, isWide: true },
  ],
  name: ({ name }) => name,
  id: ({ id }) => id,
};

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('show the environments and tunnels as they were at an instant, from the events alone')
    .addOption(flag('--as-of <instant>', 'the instant, such as 2026-01-31T12:00:00Z').argParser(instant).makeOptionMandatory())
    .addHelpText('after', '\nExamples:\n  homeport replay --as-of 2026-01-31T12:00:00Z\n  homeport replay --as-of 2026-01-31 --data-dir /backup/homeport -o json');
  return withHistoryFlags(withOutputFlags(command)).action(replay);
}

async function replay(flags: Flags, self: Command): Promise<void> {
  const { asOf } = flags;
  const bar = createProgressBar('replaying');
  const onProgress = (share: number, events: number): void => bar.showShare(share, `${events.toLocaleString('en')} events`);
  await interruptible('the replay was not whole, and nothing is left of it', (signal) =>
    withHistory(flags, self, (source) =>
      withReplay(source, { asOf, onProgress, signal }, (past, pollsSince) => {
        bar.clear();
        print(past, pollsSince, flags);
      }),
    ),
  ).finally(bar.clear);
}

function print(past: Replay, pollsSince: string | undefined, flags: Flags): void {
  const printer = createListPrinter(LAYOUT, flags);
  let approximate = 0;
  for (const page of past.environments(pollsSince)) {
    approximate += page.filter((one) => isLastPollApproximate(one.approximate)).length;
    printer.print(page.map((one) => ({ ...one.environment, approximate: one.approximate })));
  }
  printer.end();
  const { last, count } = past;
  const upTo = last === undefined ? 'nothing was recorded by then' : `from ${count.toLocaleString('en')} events, the last of them recorded at ${last.recordedAt}, position ${last.position}`;
  process.stderr.write(`homeport: as of ${flags.asOf} there ${printer.count === 1 ? 'was 1 environment' : `were ${printer.count.toLocaleString('en')} environments`}; ${upTo}\n`);
  if (approximate > 0) {
    process.stderr.write(`homeport: the last poll (~) of ${approximate.toLocaleString('en')} is the last that a summary tells of, and may be older than it was: polls from before ${pollsSince ?? ''} are kept no longer\n`);
  }
}

function isLastPollApproximate(approximate: readonly string[]): boolean {
  return approximate.includes('heartbeat.lastPolledAt');
}

function lastPoll(at: string | null, isApproximate: boolean): string | null {
  if (!isApproximate) return at;
  return at === null ? '~ unknown' : `~${at}`;
}
