/** The fleet at a glance: how many are up, down and never seen, how many tunnels are open, and the last day. */
import { Paper, Skeleton, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, memo, Suspense } from 'react';
import { useSpaced } from '../list/use-spaced.ts';
import { useChanges } from '../live/live-updates.tsx';
import { ToneWord, type Tone } from '../parts/status-word.tsx';
import { IconCircleCheck, IconCircleDashed, IconCircleX, IconPlugConnected, type Icon } from '@tabler/icons-react';
import { FLEET_COUNTS, fleetCountsQuery, fleetHistoryQuery, WHY_NO_HISTORY } from './fleet-queries.ts';
import classes from './fleet-strip.module.css';

const DayPlot = lazy(async () => ({ default: (await import('./day-plot.tsx')).DayPlot }));
const PLOT_HEIGHT = 68;
const COUNTED = new Set(['environment', 'agent', 'heartbeat', 'refusal', 'tunnel', 'account']);

export interface FleetStripProps {
  readonly at: string | undefined;
  /** The filter that is set: its number is marked. */
  readonly status: string | undefined;
  readonly tunnel: string | undefined;
}

export const FleetStrip = memo(function FleetStrip({ at, status, tunnel }: FleetStripProps): React.JSX.Element {
  const client = useQueryClient();
  const { data: counts } = useQuery(fleetCountsQuery(at));
  const { data: history } = useQuery(fleetHistoryQuery(at));
  const refresh = useSpaced(() => client.invalidateQueries({ queryKey: [FLEET_COUNTS, { asOf: undefined }] }));
  useChanges((changes) => {
    if (at === undefined && changes?.some(({ kind }) => COUNTED.has(kind)) === true) refresh();
  });

  return (
    <Paper component="section" aria-label="The fleet" withBorder mb="md" className={classes['strip'] ?? ''}>
      <ul className={classes['numbers']}>
        <FleetNumber count={counts && (counts.byStatus['up'] ?? 0)} word="Up" tone="good" icon={IconCircleCheck} filter={{ status: 'up' }} isSet={status === 'up'} />
        <FleetNumber count={counts && (counts.byStatus['down'] ?? 0)} word="Down" tone="bad" icon={IconCircleX} filter={{ status: 'down' }} isSet={status === 'down'} />
        <FleetNumber count={counts && (counts.byStatus['never'] ?? 0)} word="Never seen" tone="quiet" icon={IconCircleDashed} filter={{ status: 'never' }} isSet={status === 'never'} />
        <FleetNumber count={counts && (counts.tunnels['open'] ?? 0)} word="Tunnels open" tone="busy" icon={IconPlugConnected} filter={{ tunnel: 'open' }} isSet={tunnel === 'open'} />
      </ul>
      {history === null ? (
        <Text size="xs" c="dimmed" className={classes['none'] ?? ''}>{WHY_NO_HISTORY}</Text>
      ) : (
        <div className={classes['day']}>
          <Text size="xs" c="dimmed" className={classes['legend'] ?? ''}>
            Last day <span className={classes['up']}>up</span> <span className={classes['down']}>down</span>
          </Text>
          {history === undefined ? (
            <Skeleton height={PLOT_HEIGHT} />
          ) : (
            <Suspense fallback={<div style={{ height: PLOT_HEIGHT }} />}>
              <DayPlot history={history} height={PLOT_HEIGHT} />
            </Suspense>
          )}
        </div>
      )}
    </Paper>
  );
});

interface FleetNumberProps {
  readonly count: number | undefined;
  readonly word: string;
  readonly tone: Tone;
  readonly icon: Icon;
  readonly filter: { readonly status?: string; readonly tunnel?: string };
  readonly isSet: boolean;
}

/** A number that leads to those it counts, and from them back to all. */
function FleetNumber({ count, word, tone, icon, filter, isSet }: FleetNumberProps): React.JSX.Element {
  return (
    <li>
      <Link to="/" search={({ at }) => ({ ...(at === undefined ? {} : { at }), ...(isSet ? {} : filter) })} className={classes['number'] ?? ''} data-set={isSet || undefined} aria-current={isSet ? 'true' : undefined} activeOptions={{ exact: true, includeSearch: true }}>
        <span className={classes['count']}>{count === undefined ? '–' : count.toLocaleString()}</span>
        <ToneWord word={word} tone={tone} icon={icon} />
      </Link>
    </li>
  );
}
