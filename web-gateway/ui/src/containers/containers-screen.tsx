/** Containers across all environments. */
import { Button, Select, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconFilterOff, IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useRowsInSight } from '../list/use-rows-in-sight.ts';
import { useSpaced } from '../list/use-spaced.ts';
import { useTypedText } from '../list/use-typed-text.ts';
import { useChanges } from '../live/live-updates.tsx';
import { isPast } from '../live/stale-answers.ts';
import { DataTable } from '../parts/data-table.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { stateChoices } from '../parts/status-word.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { CARD_HEIGHT, containerCard, containerColumns, ROW_HEIGHT, WIDTHS } from './container-columns.tsx';
import { askContainers, CONTAINER_PAGES, type FoundContainer } from './container-rows.ts';
import { readContainersSearch } from './containers-search.ts';
import classes from './containers.module.css';

const STATES = stateChoices('container');
const rowId = ({ environment, node, id }: FoundContainer): string => `${environment.id} ${node ?? ''} ${id}`;

export function ContainersScreen(): React.JSX.Element {
  const search = useSearch({ from: '/containers' });
  const at = usePastInstant();
  const navigate = useNavigate({ from: '/containers' });
  const client = useQueryClient();
  const isNarrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  const filter = useMemo(() => readContainersSearch({ ...search }), [search]);
  const list = useMemo(() => [CONTAINER_PAGES, filter], [filter]);

  const { total, first, rows, isOld, error, retry, onSight } = useRowsInSight<FoundContainer>({ list, ask: (page, signal) => askContainers(filter, at, page, signal), asOf: at });
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
      <search className={classes['filters']} aria-label="Filters">
        <TextInput aria-label="Name" placeholder="Search by name" type="search" maxLength={200} leftSection={<IconSearch size={16} aria-hidden />} value={name} onChange={(event) => typeName(event.currentTarget.value)} />
        <TextInput aria-label="Image" placeholder="Any image" type="search" maxLength={200} value={image} onChange={(event) => typeImage(event.currentTarget.value)} />
        <Select aria-label="State" placeholder="Any state" data={STATES} value={filter.state ?? null} onChange={(state) => change({ state: state ?? undefined })} clearable clearButtonProps={{ 'aria-label': 'Any state' }} />
        {(!isNarrow || isFiltered) && (
          <Button variant="default" leftSection={<IconFilterOff size={16} aria-hidden />} disabled={!isFiltered} onClick={clear}>
            Clear filters
          </Button>
        )}
      </search>
      {error !== null && <ErrorState error={error} onRetry={retry} />}
      {total === undefined ? (
        error === null && <LoadingState label="Loading containers" />
      ) : (
        <div aria-busy={isOld} style={isOld ? { opacity: 0.6 } : undefined}>
          <DataTable
            key={isNarrow ? 'cards' : 'rows'}
            label="Containers"
            columns={columns}
            rows={rows}
            rowId={rowId}
            part={{ first, total }}
            rowHeight={isNarrow ? CARD_HEIGHT : ROW_HEIGHT}
            widths={isNarrow ? ['100%'] : WIDTHS}
            height={total === 0 ? 'auto' : isNarrow ? 'calc(100dvh - 140px)' : 'max(360px, calc(100dvh - 214px))'}
            onSight={onSight}
            place={JSON.stringify([CONTAINER_PAGES, filter, at])}
            empty={
              isFiltered ? (
                <EmptyState title="No container matches">
                  <Button variant="default" size="xs" onClick={clear}>
                    Clear filters
                  </Button>
                </EmptyState>
              ) : (
                <EmptyState title="No container yet">Containers are found here once an environment’s first snapshot was taken.</EmptyState>
              )
            }
          />
        </div>
      )}
    </>
  );
}

function concernsContainers({ kind, types }: { readonly kind: string; readonly types: readonly string[] }): boolean {
  return kind === 'snapshot' || kind === 'account' || types.some((type) => type === 'EnvironmentRemoved' || type === 'EnvironmentRenamed' || type === 'EnvironmentTagged');
}
