/** Containers across all environments. */
import { Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { FilterBar } from '../list/filter-bar.tsx';
import { LongList } from '../list/long-list.tsx';
import { NoMatch } from '../list/no-match.tsx';
import { useIsNarrow } from '../list/use-is-narrow.ts';
import { useRowsInSight } from '../list/use-rows-in-sight.ts';
import { useSpaced } from '../list/use-spaced.ts';
import { useTypedText } from '../list/use-typed-text.ts';
import { useChanges } from '../live/live-updates.tsx';
import { isPast } from '../live/stale-answers.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { stateChoices } from '../parts/status-word.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { containerCard, containerColumns, ROW_HEIGHTS, WIDTHS } from './container-columns.tsx';
import { askContainers, CONTAINER_PAGES, type FoundContainer } from './container-rows.ts';
import { readContainersSearch } from './containers-search.ts';

const STATES = stateChoices('container');
const rowId = ({ environment, node, id }: FoundContainer): string => `${environment.id} ${node ?? ''} ${id}`;

export function ContainersScreen(): React.JSX.Element {
  const search = useSearch({ from: '/containers' });
  const at = usePastInstant();
  const navigate = useNavigate({ from: '/containers' });
  const client = useQueryClient();
  const isNarrow = useIsNarrow();
  const filter = useMemo(() => readContainersSearch({ ...search }), [search]);
  const list = useMemo(() => [CONTAINER_PAGES, filter], [filter]);

  const found = useRowsInSight<FoundContainer>({ list, ask: (page, signal) => askContainers(filter, at, page, signal), asOf: at });
  const { total } = found;
  const refresh = useSpaced(() => client.invalidateQueries({ queryKey: [CONTAINER_PAGES], predicate: ({ queryKey }) => !isPast(queryKey) }));
  useChanges((changes) => {
    if (at === undefined && changes?.some(concernsContainers) === true) refresh();
  });

  const change = useCallback((changes: Readonly<Record<string, string | undefined>>) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true }), [navigate]);
  const clear = useCallback(() => change({ name: undefined, image: undefined, state: undefined }), [change]);
  const [name, typeName] = useTypedText(filter.name, (typed) => change({ name: typed }));
  const [image, typeImage] = useTypedText(filter.image, (typed) => change({ image: typed }));
  const columns = useMemo(() => (isNarrow ? containerCard(at) : containerColumns(at)), [isNarrow, at]);
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <>
      <PageHeader title="Containers" description={<span role="status">{total === undefined ? 'Counting…' : `${total.toLocaleString()} ${total === 1 ? 'container' : 'containers'}${isFiltered ? ' found' : ' in all environments'}, from their latest snapshots`}</span>} />
      <FilterBar columns="minmax(160px, 2fr) minmax(140px, 2fr) minmax(120px, 1fr)" isNarrow={isNarrow} isFiltered={isFiltered} onClear={clear}>
        <TextInput aria-label="Name" placeholder="Search by name" type="search" maxLength={200} leftSection={<IconSearch size={16} aria-hidden />} value={name} onChange={(event) => typeName(event.currentTarget.value)} />
        <TextInput aria-label="Image" placeholder="Any image" type="search" maxLength={200} value={image} onChange={(event) => typeImage(event.currentTarget.value)} />
        <Select aria-label="State" placeholder="Any state" data={STATES} value={filter.state ?? null} onChange={(state) => change({ state: state ?? undefined })} clearable clearButtonProps={{ 'aria-label': 'Any state' }} />
      </FilterBar>
      <LongList
        label="Containers"
        found={found}
        columns={columns}
        rowId={rowId}
        isNarrow={isNarrow}
        rowHeights={ROW_HEIGHTS}
        widths={WIDTHS}
        abovePx={214}
        place={JSON.stringify([CONTAINER_PAGES, filter, at])}
        empty={isFiltered ? <NoMatch title="No container matches" onClear={clear} /> : <EmptyState title="No container yet">Containers are found here once an environment’s first snapshot was taken.</EmptyState>}
      />
    </>
  );
}

function concernsContainers({ kind, types }: { readonly kind: string; readonly types: readonly string[] }): boolean {
  return kind === 'snapshot' || kind === 'account' || types.some((type) => type === 'EnvironmentRemoved' || type === 'EnvironmentRenamed' || type === 'EnvironmentTagged');
}
