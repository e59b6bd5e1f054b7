/** What the list of environments is narrowed by: all of it is in the address. */
import { Autocomplete, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { memo, useMemo } from 'react';
import { FilterBar } from '../list/filter-bar.tsx';
import { useTypedText } from '../list/use-typed-text.ts';
import { stateChoices } from '../parts/status-word.tsx';
import type { EnvironmentsSearch } from './environments-search.ts';

const STATUSES = stateChoices('environment');

/** Where the list has no heads to choose. */
const ORDERS = [
  { value: 'name', label: 'By name' },
  { value: '-name', label: 'By name, Z first' },
  { value: 'status', label: 'By status' },
  { value: '-createdAt', label: 'Newest first' },
  { value: '-lastPolledAt', label: 'Latest poll first' },
];

/** All that narrows the list; its order does not. */
export type EnvironmentsFilter = Pick<EnvironmentsSearch, 'search' | 'status' | 'tag' | 'platform' | 'tunnel'>;

export interface EnvironmentsFiltersProps {
  readonly filter: EnvironmentsFilter;
  readonly sort: string | undefined;
  readonly onSort: (sort: string | undefined) => void;
  /** Whether the order is chosen here. */
  readonly isNarrow: boolean;
  readonly isPast: boolean;
  /** What they become: those named; one that is undefined is taken away. */
  readonly onFilter: (change: { readonly [Name in keyof EnvironmentsFilter]?: string | undefined }) => void;
  readonly onClear: () => void;
  readonly platforms: readonly string[];
  /** Tags that are known: any other may be typed. */
  readonly tags: readonly string[];
}

/** Whether the list is narrowed at all. */
export function hasFilter({ search, status, tag, platform, tunnel }: EnvironmentsFilter): boolean {
  return [search, status, tag, platform, tunnel].some((one) => one !== undefined);
}

export const EnvironmentsFilters = memo(function EnvironmentsFilters({ filter, onFilter, onClear, platforms, tags, sort, onSort, isNarrow, isPast }: EnvironmentsFiltersProps): React.JSX.Element {
  const [name, typeName] = useTypedText(filter.search, (search) => onFilter({ search }));
  const [tag, typeTag] = useTypedText(filter.tag, (typed) => onFilter({ tag: typed }));
  // One from the address may be of no environment that is left.
  const knownPlatforms = useMemo(() => [...new Set([...platforms, ...(filter.platform === undefined ? [] : [filter.platform])])].sort(), [platforms, filter.platform]);
  return (
    <FilterBar columns="minmax(160px, 2fr) repeat(3, minmax(120px, 1fr))" isNarrow={isNarrow} isFiltered={hasFilter(filter)} onClear={onClear}>
      <TextInput aria-label="Search by name" placeholder="Search by name" type="search" maxLength={200} leftSection={<IconSearch size={16} aria-hidden />} value={name} onChange={(event) => typeName(event.currentTarget.value)} />
      <Select aria-label="Status" placeholder="Any status" data={STATUSES} value={filter.status ?? null} onChange={(status) => onFilter({ status: status ?? undefined })} clearable clearButtonProps={{ 'aria-label': 'Any status' }} />
      <Autocomplete aria-label="Tag" placeholder="Any tag" data={[...tags]} maxLength={200} value={tag} onChange={typeTag} clearable clearButtonProps={{ 'aria-label': 'Any tag' }} limit={20} />
      <Select aria-label="Platform" placeholder="Any platform" data={knownPlatforms} value={filter.platform ?? null} onChange={(platform) => onFilter({ platform: platform ?? undefined })} clearable clearButtonProps={{ 'aria-label': 'Any platform' }} />
      {isNarrow && <Select aria-label="Order" data={ORDERS.filter(({ value }) => !isPast || !value.endsWith('lastPolledAt'))} value={sort ?? 'name'} onChange={(by) => onSort(by === null || by === 'name' ? undefined : by)} allowDeselect={false} />}
    </FilterBar>
  );
});
