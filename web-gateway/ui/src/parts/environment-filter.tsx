/** A choice of one environment among any number, found by a part of its name. */
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';

/** @param id the chosen one's; undefined is all */
export function EnvironmentFilter({ id, onChange }: { readonly id: string | undefined; readonly onChange: (id: string | undefined) => void }): React.JSX.Element {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 200);
  const found = useQuery({
    queryKey: ['environment-choices', search],
    placeholderData: keepPreviousData,
    queryFn: async () => (await answerOf(api.GET('/api/v1/environments', { params: { query: { limit: 20, ...(search === '' ? {} : { search }) } } }))).items.map((one) => ({ value: one.id, label: one.name })),
  });
  const chosen = useQuery({
    queryKey: ['environment-choice', id],
    enabled: id !== undefined,
    queryFn: async () => (await answerOf(api.GET('/api/v1/environments/{id}', { params: { path: { id: id ?? '' } } }))).name,
  });
  const own = id === undefined ? [] : [{ value: id, label: chosen.data ?? id }];
  const choices = [...own, ...(found.data ?? []).filter(({ value }) => value !== id)];

  return (
    <Select
      label="Environment"
      placeholder="All"
      size="xs"
      flex="1 1 150px"
      maw={210}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'All environments' }}
      data={choices}
      filter={({ options }) => options}
      value={id ?? null}
      onSearchChange={(text) => setTyped(own.some(({ label }) => label === text) ? '' : text)}
      onChange={(value) => onChange(value ?? undefined)}
      nothingFoundMessage={found.isPending ? 'Searching…' : 'No such environment'}
    />
  );
}
