/** What of the activity is shown; all of it is in the address. */
import { Group, Select } from '@mantine/core';
import type { Call } from '../api/answer.ts';
import { actorTyped } from '../parts/actor-text.ts';
import { EnvironmentFilter } from '../parts/environment-filter.tsx';
import { TextFilter } from '../parts/text-filter.tsx';
import { isResult, resultChoices } from './activity-call.ts';
import { CHANGES, type ActivitySearch } from './activity-search.ts';
import { InstantFilter } from './instant-filter.tsx';

const METHODS = [{ value: CHANGES, label: 'Any but GET and HEAD' }, 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

export type ActivityFilterChange = { readonly [Name in keyof ActivitySearch]?: string | undefined };

export function ActivityFilters({ search, calls, onChange }: { readonly search: ActivitySearch; readonly calls: readonly Call[]; readonly onChange: (change: ActivityFilterChange) => void }): React.JSX.Element {
  const { environment, actor, method, path, result, from, to } = search;
  return (
    <Group gap="sm" mb="sm" align="flex-end">
      <EnvironmentFilter id={environment} onChange={(id) => onChange({ environment: id })} />
      <TextFilter label="Actor" placeholder="Anyone" width={210} value={actor} suggestions={calls.flatMap((call) => (call.actor === null ? [] : [call.actor]))} onChange={(value) => onChange({ actor: value === undefined ? undefined : actorTyped(value) })} />
      <Select label="Method" placeholder="Any" size="xs" flex="1 1 110px" maw={190} clearable clearButtonProps={{ 'aria-label': 'Any method' }} data={METHODS} value={method ?? null} onChange={(value) => onChange({ method: value ?? undefined })} />
      <TextFilter label="Path" placeholder="A part of it" width={200} value={path} onChange={(value) => onChange({ path: value })} />
      <Select label="Result" placeholder="Any" size="xs" flex="1 1 110px" maw={140} clearable clearButtonProps={{ 'aria-label': 'Any result' }} data={[...resultChoices]} value={isResult(result) ? result : null} onChange={(value) => onChange({ result: value ?? undefined })} />
      <Group gap="sm" flex="1 1 360px" maw={412}>
        <InstantFilter label="From" value={from} onChange={(value) => onChange({ from: value })} />
        <InstantFilter label="To" value={to} onChange={(value) => onChange({ to: value })} />
      </Group>
    </Group>
  );
}
