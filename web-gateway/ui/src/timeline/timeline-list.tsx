/** A timeline: what happened, newest first, with its details. For the timeline's screen, and for one environment's. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { TimelineEntry } from '../api/answer.ts';
import { ActorButton } from '../parts/actor-button.tsx';
import { actorText } from '../parts/actor-text.ts';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { LogList } from '../parts/log-list.tsx';
import type { NewestFirst } from '../parts/newest-first.ts';
import { usePastInstant } from '../past/past-instant.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { EntryDetails } from './entry-details.tsx';
import { FORMERS, wordsOf, type EventFields } from './event-words.ts';
import { KindSymbol } from './timeline-kinds.tsx';
import classes from './timeline.module.css';
import { useUsernames } from './usernames.ts';
import { idOfEntry, useTimeline } from './use-timeline.ts';

/** One environment's, live, or up to the time machine's instant. */
export function TimelineList({ environmentId, height }: { readonly environmentId: string; readonly height?: string }): React.JSX.Element {
  const log = useTimeline({ environmentId, until: usePastInstant() });
  return <TimelineEntries log={log} isWhole ofOne height={height} />;
}

export interface TimelineEntriesProps {
  readonly log: NewestFirst<TimelineEntry>;
  /** Whether nothing is left out by actor, so that an entry before another is the last one before it. */
  readonly isWhole: boolean;
  /** Of one environment: it is not named at each entry. */
  readonly ofOne?: boolean;
  readonly onActor?: (actor: string) => void;
  readonly height?: string | undefined;
}

export function TimelineEntries({ log, isWhole, ofOne = false, onActor, height }: TimelineEntriesProps): React.JSX.Element {
  const formers = useMemo(() => (isWhole ? formersOf(log.items) : new Map<string, EventFields>()), [isWhole, log.items]);
  const usernames = useUsernames(log.items);
  const whose = (details: EventFields): EventFields => (typeof details['userId'] === 'string' ? { username: usernames.get(details['userId']), ...details } : details);
  return (
    <LogList
      label="Timeline"
      log={log}
      idOf={idOfEntry}
      atOf={({ recordedAt }) => recordedAt}
      symbol={({ kind }) => <KindSymbol kind={kind} />}
      words={({ id, type, time, details }) => wordsOf(type, { at: time, ...whose(details) }, formers.get(id))}
      facts={({ environmentId, environmentName, actor, recordedAt }) => (
        <>
          {!ofOne && environmentId !== null && (
            <AnchorLink to="/environments/$id" params={{ id: environmentId }} className={classes['environment'] ?? ''}>{environmentName ?? environmentId}</AnchorLink>
          )}
          {onActor === undefined || actor === null ? (
            <Text span inherit className={classes['actor'] ?? ''}>{actorText(actor)}</Text>
          ) : (
            <ActorButton actor={actor} className={classes['actor'] ?? ''} onChoose={onActor} />
          )}
          <span className={classes['time']}><RelativeTime at={recordedAt} /></span>
        </>
      )}
      details={(entry) => <EntryDetails entry={entry} />}
      empty={<EmptyState title="Nothing has happened here">Entries appear by themselves. Polls and calls are not among them: see the heartbeat, and the activity.</EmptyState>}
      {...(height === undefined ? {} : { height })}
    />
  );
}

/** What was so before each change, by the id of the entry that tells of the change: of what is loaded. */
function formersOf(newestFirst: readonly TimelineEntry[]): ReadonlyMap<string, EventFields> {
  const formers = new Map<string, EventFields>();
  /** The last that told of it, by environment and what it is. */
  const last = new Map<string, EventFields>();
  for (const { id, type, environmentId, details } of newestFirst.toReversed()) {
    for (const [changed, tellers] of Object.entries(FORMERS)) {
      if (!tellers.includes(type)) continue;
      const key = `${environmentId ?? ''} ${changed}`;
      const former = last.get(key);
      if (type === changed && former !== undefined) formers.set(id, former);
      last.set(key, details);
    }
  }
  return formers;
}
