/** The containers of an engine, by project. */
import { Group, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo } from 'react';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useRows } from '../engine/use-rows.ts';
import { CutNote } from '../tables/cut-note.tsx';
import { useListFilter } from '../tables/use-list-filter.ts';
import { ContainersTable } from './containers-table.tsx';
import { groupContainers } from './container-groups.ts';

export function ContainersTab(): React.JSX.Element {
  const { rows, error, again, cutOf } = useRows('containers');
  const [search, setSearch] = useListFilter();
  const groups = useMemo(() => groupContainers(rows ?? [], search), [rows, search]);
  if (error !== null && error !== undefined) return <ErrorState error={error} title="The containers could not be loaded" onRetry={again} />;
  if (rows === undefined) return <LoadingState label="Asking for containers" />;
  const running = rows.filter(({ state }) => state === 'running').length;
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <TextInput aria-label="Filter containers" placeholder="Filter by name, image, state or project" leftSection={<IconSearch size={16} aria-hidden />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} w={{ base: '100%', sm: 340 }} size="sm" />
        <Text size="sm" c="dimmed" role="status">{running} of {rows.length} running</Text>
      </Group>
      <CutNote shown={rows.length} of={cutOf} />
      {groups.length === 0 ? (
        <EmptyState title={rows.length === 0 ? 'No containers' : 'No container matches'}>{rows.length === 0 ? 'Nothing was ever started on this engine, or it was all removed.' : 'Try a shorter part of its name.'}</EmptyState>
      ) : (
        <ContainersTable groups={groups} />
      )}
    </Stack>
  );
}
