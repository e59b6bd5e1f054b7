/** What happened: to all environments, to the installation and its accounts. */
import { Group, Select } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { actorTyped } from '../parts/actor-text.ts';
import { EnvironmentFilter } from '../parts/environment-filter.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { TextFilter } from '../parts/text-filter.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { isKind, kindChoices } from './timeline-kinds.tsx';
import { TimelineEntries } from './timeline-list.tsx';
import type { TimelineSearch } from './timeline-search.ts';
import { useTimeline } from './use-timeline.ts';

const route = getRouteApi('/timeline');

export function TimelineScreen(): React.JSX.Element {
  const { environment, kind, actor } = route.useSearch();
  const navigate = route.useNavigate();
  const instant = usePastInstant();
  const log = useTimeline({ environmentId: environment, kind: isKind(kind) ? kind : undefined, actor, until: instant });
  const filter = (change: { readonly [Name in keyof TimelineSearch]?: string | undefined }): void =>
    void navigate({ search: (search) => Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)) });
  const actors = log.items.flatMap((entry) => (entry.actor === null ? [] : [entry.actor]));

  return (
    <>
      <PageHeader title="Timeline" description={instant === undefined ? 'Every event but polls and calls, as it happens.' : 'Every event up to the instant of the time machine.'} />
      <Group gap="sm" mb="sm" align="flex-end">
        <Select label="Kind" placeholder="All" size="xs" flex="1 1 130px" maw={150} clearable clearButtonProps={{ 'aria-label': 'All kinds' }} data={kindChoices} value={isKind(kind) ? kind : null} onChange={(value) => filter({ kind: value ?? undefined })} />
        <EnvironmentFilter id={environment} onChange={(id) => filter({ environment: id })} />
        <TextFilter label="Actor" placeholder="Anyone" width={210} value={actor} suggestions={actors} onChange={(value) => filter({ actor: value === undefined ? undefined : actorTyped(value) })} />
      </Group>
      <TimelineEntries log={log} isWhole={actor === undefined} ofOne={environment !== undefined} onActor={(value) => filter({ actor: value })} />
    </>
  );
}
