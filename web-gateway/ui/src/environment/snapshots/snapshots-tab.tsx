/** The snapshots of an environment that differ, and what differs between two of them. */
import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { AnchorLink } from '../../parts/anchor-link.tsx';
import { answerOf, api } from '../../api/client.ts';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { asOf } from '../../past/past-instant.ts';
import { exactText } from '../../time/relative-text.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import type { SnapshotItem } from '../environment-queries.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { TakeSnapshot } from '../overview/snapshot-card.tsx';
import { bytesText } from '../../parts/bytes-text.ts';
import { SnapshotComparison } from './snapshot-comparison.tsx';

const PAGE = 100;

const column = columnsOf<SnapshotItem>();
const COLUMNS = [
  column.display({ id: 'before', header: 'Before', cell: ({ row: { original } }) => <Choice item={original} side="before" /> }),
  column.display({ id: 'after', header: 'After', cell: ({ row: { original } }) => <Choice item={original} side="after" /> }),
  column.accessor('recordedAt', { header: 'Since', cell: ({ row: { original } }) => <RelativeTime at={original.recordedAt} /> }),
  column.accessor(({ hostname }) => hostname, { id: 'node', header: 'Node' }),
  column.accessor(({ summary }) => summary?.containers.running ?? 0, { id: 'running', header: 'Running' }),
  column.accessor(({ summary }) => summary?.containers.stopped ?? 0, { id: 'stopped', header: 'Stopped' }),
  column.accessor(({ summary }) => summary?.images ?? 0, { id: 'images', header: 'Images' }),
  column.accessor(({ summary }) => summary?.volumes ?? 0, { id: 'volumes', header: 'Volumes' }),
  column.accessor('bytes', { header: 'Size', cell: ({ getValue }) => bytesText(getValue()) }),
  column.display({
    id: 'look',
    header: 'Look',
    cell: ({ row: { original } }) => <AnchorLink from="/environments/$id" to="." search={(now) => ({ ...now, tab: 'containers', at: original.recordedAt })} size="sm" aria-label={`Containers then, as of ${exactText(original.recordedAt)}`}>Containers then</AnchorLink>,
  }),
] as readonly DataColumn<SnapshotItem>[];

export function SnapshotsTab(): React.JSX.Element {
  const { environment, at, access } = useEnvironmentPage();
  const { before, after } = useSearch({ from: '/environments/$id' });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['snapshots', environment.id, asOf(at)],
    queryFn: ({ pageParam, signal }) => answerOf(api.GET('/api/v1/environments/{id}/snapshots', { params: { path: { id: environment.id }, query: { limit: PAGE, ...(pageParam === '' ? {} : { cursor: pageParam }), ...asOf(at) } }, signal })),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (error !== null && data === undefined) return <ErrorState error={error} title="The snapshots could not be loaded" onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingState label="Asking for snapshots" />;
  const chosen = (side: string | undefined): SnapshotItem | undefined => items.find(({ recordedAt }) => recordedAt === side);
  const [was, is] = [chosen(before), chosen(after)];
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">Each differs from the one before. Choose two to compare.</Text>
        {access === 'full' && at === undefined && <TakeSnapshot id={environment.id} />}
      </Group>
      <DataTable label="Snapshots" columns={COLUMNS} rows={items} rowId={({ recordedAt, node }) => `${recordedAt} ${node ?? ''}`} initialSorting={[{ id: 'recordedAt', desc: true }]} {...(items.length > 8 ? { height: '380px' } : {})} empty={<EmptyState title="No snapshot yet">One is taken when the agent has joined, every hour, and before an idle tunnel closes.</EmptyState>} />
      {hasNextPage && <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()} style={{ alignSelf: 'center' }}>Show older ones</Button>}
      {was !== undefined && is !== undefined && <SnapshotComparison before={was} after={is} />}
      {(was === undefined) !== (is === undefined) && <Text size="sm" role="status">Choose the other one too.</Text>}
    </Stack>
  );
}

function Choice({ item: { recordedAt }, side }: { readonly item: SnapshotItem; readonly side: 'before' | 'after' }): React.JSX.Element {
  const search = useSearch({ from: '/environments/$id' });
  const navigate = useNavigate({ from: '/environments/$id' });
  return <Radio name={side} aria-label={`${side === 'before' ? 'Before' : 'After'}: ${exactText(recordedAt)}`} checked={search[side] === recordedAt} onChange={() => void navigate({ search: (now) => ({ ...now, [side]: recordedAt }), replace: true, resetScroll: false })} />;
}
