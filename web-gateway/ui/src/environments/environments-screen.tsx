/** The fleet: every environment, live. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { fleetCountsQuery } from '../fleet/fleet-queries.ts';
import { FleetStrip } from '../fleet/fleet-strip.tsx';
import { LongList } from '../list/long-list.tsx';
import { NoMatch } from '../list/no-match.tsx';
import { useIsNarrow } from '../list/use-is-narrow.ts';
import { useRowsInSight } from '../list/use-rows-in-sight.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { useMay, useSession } from '../session/session.ts';
import { environmentCard, environmentColumns, ROW_HEIGHTS, WIDTHS } from './environment-columns.tsx';
import { askEnvironments, ENVIRONMENT_PAGES, type EnvironmentRow } from './environment-rows.ts';
import { EnvironmentsFilters, hasFilter } from './environments-filters.tsx';
import { readEnvironmentsSearch } from './environments-search.ts';
import { useLiveRows } from './use-live-rows.ts';

/** When agents had last polled is asked for so often: polls are no changes. */
const POLLS_EVERY_MS = 5000;
const rowId = ({ id }: EnvironmentRow): string => id;

export function EnvironmentsScreen(): React.JSX.Element {
  const search = useSearch({ from: '/' });
  const at = usePastInstant();
  const navigate = useNavigate({ from: '/' });
  const session = useSession();
  const mayAdd = useMay('admin');
  const isNarrow = useIsNarrow();
  const { sort, filter } = useMemo(() => {
    const { sort: by, ...others } = readEnvironmentsSearch({ ...search });
    return { sort: by, filter: others };
  }, [search]);
  const asked = useMemo(() => ({ ...filter, ...(sort === undefined ? {} : { sort }) }), [filter, sort]);
  const list = useMemo(() => [ENVIRONMENT_PAGES, asked], [asked]);

  const found = useRowsInSight<EnvironmentRow>({ list, ask: (page, signal) => askEnvironments(asked, at, page, signal), asOf: at, refreshMs: POLLS_EVERY_MS });
  const { total, rows, isOld } = found;
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
          {at === undefined && (mayAdd ? <p>Give one a name, and run one command on its machine: it calls home from there.</p> : <p>There is none that you may see. An admin adds environments, and grants them by their tags.</p>)}
          {add}
        </EmptyState>
      ) : (
        <>
          <FleetStrip at={at} status={filter.status} tunnel={filter.tunnel} />
          <EnvironmentsFilters filter={filter} sort={sort} onSort={order} isNarrow={isNarrow} isPast={at !== undefined} onFilter={change} onClear={clear} platforms={platforms} tags={tags} />
          <LongList
            label="Environments"
            found={found}
            columns={columns}
            rowId={rowId}
            isNarrow={isNarrow}
            rowHeights={ROW_HEIGHTS}
            widths={WIDTHS}
            abovePx={310}
            sorting={sorting}
            onSortingChange={([by]) => change({ sort: by === undefined || (by.id === 'name' && !by.desc) ? undefined : `${by.desc ? '-' : ''}${by.id}` })}
            place={JSON.stringify([ENVIRONMENT_PAGES, asked, at])}
            empty={<NoMatch title="No environment matches" onClear={clear} />}
          />
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
