/** What the tabs of plain lists share: a filter, how many there are, and what is shown where there is nothing. */
import { Group, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import type { EngineRows, Section } from '../engine/engine-rows.ts';
import { useRows } from '../engine/use-rows.ts';
import { CutNote } from './cut-note.tsx';
import { useListFilter } from './use-list-filter.ts';

export interface SectionFrameProps<Name extends Section> {
  readonly section: Name;
  /** Of many, such as `images`. */
  readonly noun: string;
  readonly columns: readonly DataColumn<EngineRows[Name][number]>[];
  readonly rowId: (row: EngineRows[Name][number]) => string;
  /** What the filter looks at. */
  readonly textOf: (row: EngineRows[Name][number]) => string;
  readonly sortedBy: string;
  readonly actions?: React.ReactNode;
}

export function SectionFrame<Name extends Section>({ section, noun, columns, rowId, textOf, sortedBy, actions }: SectionFrameProps<Name>): React.JSX.Element {
  const { rows, error, again, cutOf } = useRows(section);
  const [search, setSearch] = useListFilter(section === 'nodes' ? 'nodeFilter' : 'filter');
  const all = rows as readonly EngineRows[Name][number][] | undefined;
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted === '' ? (all ?? []) : (all ?? []).filter((row) => textOf(row).toLowerCase().includes(wanted));
  }, [all, search, textOf]);
  if (error !== null && error !== undefined) return <ErrorState error={error} title={`The ${noun} could not be loaded`} onRetry={again} />;
  if (all === undefined) return <LoadingState label={`Asking for ${noun}`} />;
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <TextInput aria-label={`Filter ${noun}`} placeholder="Filter" leftSection={<IconSearch size={16} aria-hidden />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} w={{ base: '100%', sm: 300 }} />
        <Group gap="sm">
          <Text size="sm" c="dimmed" role="status">{shown.length === all.length ? `${all.length} ${all.length === 1 ? noun.slice(0, -1) : noun}` : `${shown.length} of ${all.length} ${noun}`}</Text>
          {actions}
        </Group>
      </Group>
      <CutNote shown={all.length} of={cutOf} />
      <DataTable
        label={noun.replace(/^./, (first) => first.toUpperCase())}
        columns={columns}
        rows={shown}
        rowId={rowId}
        initialSorting={[{ id: sortedBy, desc: false }]}
        {...(shown.length > 80 ? { height: 'calc(100dvh - 320px)' } : {})}
        empty={<EmptyState title={search === '' ? `No ${noun}` : `None of the ${noun} matches`} />}
      />
    </Stack>
  );
}
