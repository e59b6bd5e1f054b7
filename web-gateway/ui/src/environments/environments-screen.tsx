/** The fleet: every environment, live. */
import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { fleetCountsQuery } from '../fleet/fleet-queries.ts';
import { FleetStrip } from '../fleet/fleet-strip.tsx';
import { useRowsInSight } from '../list/use-rows-in-sight.ts';
import { DataTable } from '../parts/data-table.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { useMay, useSession } from '../session/session.ts';
import { CARD_HEIGHT, environmentCard, environmentColumns, ROW_HEIGHT, WIDTHS } from './environment-columns.tsx';
import { askEnvironments, ENVIRONMENT_PAGES, type EnvironmentRow } from './environment-rows.ts';
import { EnvironmentsFilters, hasFilter } from './environments-filters.tsx';
import { readEnvironmentsSearch } from './environments-search.ts';
import { useLiveRows } from './use-live-rows.ts';

/** When agents had last polled is asked for so often: polls are no changes. */
const POLLS_EVERY_MS = 5000;
const rowId = ({ id }: EnvironmentRow): string => id;

export function EnvironmentsScreen(): React.JSX.Element {
  return useMay('auditor') ? <EnvironmentList /> : <EmptyState title="Your role sees no environments">It reads the server’s metrics. An admin can give you another.</EmptyState>;
}

function EnvironmentList(): React.JSX.Element {
  const search = useSearch({ from: '/' });
  const at = usePastInstant();
  const navigate = useNavigate({ from: '/' });
  const session = useSession();
  const mayAdd = useMay('admin');
  const isNarrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  const { sort, filter } = useMemo(() => {
    const { sort: by, ...others } = readEnvironmentsSearch({ ...search });
    return { sort: by, filter: others };
  }, [search]);
  const asked = useMemo(() => ({ ...filter, ...(sort === undefined ? {} : { sort }) }), [filter, sort]);
  const list = useMemo(() => [ENVIRONMENT_PAGES, asked], [asked]);

  const { total, first, rows, isOld, error, retry, onSight } = useRowsInSight<EnvironmentRow>({ list, ask: (page, signal) => askEnvironments(asked, at, page, signal), asOf: at, refreshMs: POLLS_EVERY_MS });
  useLiveRows(asked, rows, at);
  const fleet = useQuery(fleetCountsQuery(at));

  const change = useCallback((changes: Readonly<Record<string, string | undefined>>) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true }), [navigate]);
  const clear = useCallback(() => change({ search: undefined, status: undefined, tag: undefined, platform: undefined, tunnel: undefined }), [change]);
  const columns = useMemo(() => (isNarrow ? environmentCard : environmentColumns)({ session, at, onTag: (tag) => change({ tag }) }), [isNarrow, session, at, change]);
  const sorting = useMemo(() => [{ id: (sort ?? 'name').replace(/^-/, ''), desc: sort?.startsWith('-') ?? false }], [sort]);
  const order = useCallback((by: string | undefined) => change({ sort: by }), [change]);
  // Rows change every second where much happens; what else is on the screen does not. No tag has a comma.
  const tagsInSight = [...new Set(rows.flatMap((row) => row.tags))].sort().join();
  const tags = useMemo(() => (tagsInSight === '' ? [] : tagsInSight.split(',')), [tagsInSight]);
  const platforms = useMemo(() => Object.keys(fleet.data?.byPlatform ?? {}), [fleet.data]);

  const isNone = total === 0 && !hasFilter(filter) && !isOld;
  const add = mayAdd && at === undefined && (
    <Button component={Link} to="/environments/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Add an environment
    </Button>
  );
  return (
    <>
      <PageHeader title="Environments" description={<span role="status">{countText(total, hasFilter(filter) ? fleet.data?.environments : undefined)}</span>} actions={isNone ? undefined : add} />
      {isNone ? (
        <EmptyState title={at === undefined ? 'No environment yet' : 'There was no environment then'}>
          {at === undefined && (mayAdd ? <p>Give one a name, and run one command on its machine: it calls home from there.</p> : <p>None is there that you may see. An admin adds environments, and grants them by their tags.</p>)}
          {add}
        </EmptyState>
      ) : (
        <>
          <FleetStrip at={at} status={filter.status} tunnel={filter.tunnel} />
          <EnvironmentsFilters filter={filter} sort={sort} onSort={order} isNarrow={isNarrow} isPast={at !== undefined} onFilter={change} onClear={clear} platforms={platforms} tags={tags} />
          {error !== null && <ErrorState error={error} onRetry={retry} />}
          {total === undefined ? (
            error === null && <LoadingState label="Loading environments" />
          ) : (
            <div aria-busy={isOld} style={isOld ? { opacity: 0.6 } : undefined}>
              <DataTable
                key={isNarrow ? 'cards' : 'rows'}
                label="Environments"
                columns={columns}
                rows={rows}
                rowId={rowId}
                part={{ first, total }}
                rowHeight={isNarrow ? CARD_HEIGHT : ROW_HEIGHT}
                {...(isNarrow ? { widths: ['100%'] } : { widths: WIDTHS })}
                height={total === 0 ? 'auto' : isNarrow ? 'calc(100dvh - 140px)' : 'max(360px, calc(100dvh - 310px))'}
                sorting={sorting}
                onSortingChange={([by]) => change({ sort: by === undefined || (by.id === 'name' && !by.desc) ? undefined : `${by.desc ? '-' : ''}${by.id}` })}
                onSight={onSight}
                place={JSON.stringify([ENVIRONMENT_PAGES, asked, at])}
                empty={
                  <EmptyState title="No environment matches">
                    <Button variant="default" size="xs" onClick={clear}>
                      Clear filters
                    </Button>
                  </EmptyState>
                }
              />
            </div>
          )}
        </>
      )}
    </>
  );
}

/** @param all how many there are without the filters, where there are some. */
function countText(total: number | undefined, all: number | undefined): string {
  if (total === undefined) return 'Counting…';
  const of = all === undefined ? '' : ` of ${all.toLocaleString()}`;
  return `${total.toLocaleString()}${of} ${(all ?? total) === 1 ? 'environment' : 'environments'}`;
}
