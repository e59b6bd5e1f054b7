/** Who called what through tunnels, when, and with what result. */
import { Code } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { ActorButton } from '../parts/actor-button.tsx';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { bytesText } from '../parts/bytes-text.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { LogList } from '../parts/log-list.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { ToneWord } from '../parts/status-word.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { outcomeOf, shortPath, spanMsText, streamText } from './activity-call.ts';
import { ActivityFilters, type ActivityFilterChange } from './activity-filters.tsx';
import classes from './activity.module.css';
import { CallDetails } from './call-details.tsx';
import { ExportMenu } from './export-menu.tsx';
import { activityQuery, idOfCall, useActivity } from './use-activity.ts';

const route = getRouteApi('/activity');

export function ActivityScreen(): React.JSX.Element {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const instant = usePastInstant();
  const log = useActivity(search, instant);
  const filter = (change: ActivityFilterChange): void =>
    void navigate({ search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)) });

  return (
    <>
      <PageHeader
        title="Activity"
        description={instant === undefined ? 'Every call to an engine, as it happens: by the Docker CLI, by scripts, and by this page.' : 'Calls up to the instant of the time machine.'}
        actions={<ExportMenu query={activityQuery(search, instant)} />}
      />
      <ActivityFilters search={search} calls={log.items} onChange={filter} />
      <LogList
        label="Activity"
        log={log}
        idOf={idOfCall}
        atOf={({ endedAt, startedAt }) => endedAt ?? startedAt}
        symbol={(call) => (
          <span className={classes['outcome']}>
            <ToneWord {...outcomeOf(call)} />
          </span>
        )}
        words={({ method, path }) => (
          <>
            {method !== null && <span className={classes['method']}>{method} </span>}
            <Code className={classes['path'] ?? ''} title={path}>{shortPath(path)}</Code>
          </>
        )}
        facts={(call) => (
          <>
            <span className={classes['figures']}>{[streamText(call), call.durationMs === null ? '' : spanMsText(call.durationMs), call.bytesReceived === null ? '' : bytesText((call.bytesSent ?? 0) + call.bytesReceived)].filter((text) => text !== '').join(' · ')}</span>
            <AnchorLink to="/environments/$id" params={{ id: call.environmentId }} className={classes['environment'] ?? ''}>{call.environmentName ?? call.environmentId}</AnchorLink>
            {call.actor === null ? <span className={classes['actor']} /> : <ActorButton actor={call.actor} className={classes['actor'] ?? ''} onChoose={(actor) => filter({ actor })} />}
            <span className={classes['time']}><RelativeTime at={call.endedAt ?? call.startedAt} /></span>
          </>
        )}
        details={(call) => <CallDetails call={call} />}
        empty={<EmptyState title="No such calls">Whatever is done with an engine appears here by itself: a container stopped on a page, docker ps through homeport connect, an exec session.</EmptyState>}
      />
    </>
  );
}
