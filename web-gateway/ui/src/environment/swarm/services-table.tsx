/** The services of a Swarm: how many of their tasks run, how many should, and where. */
import { Group, Text } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { AnchorLink } from '../../parts/anchor-link.tsx';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { AGENT_NAME, WHY_KEPT } from '../engine/agents-own-container.ts';
import type { ServiceRow } from '../engine/engine-rows.ts';
import { RemoveAction } from '../tables/remove-action.tsx';
import { SectionFrame } from '../tables/section-frame.tsx';
import { ScaleService } from './scale-service.tsx';
import { ServiceTasks } from './service-tasks.tsx';

const column = columnsOf<ServiceRow>();
const COLUMNS = [
  column.accessor('name', {
    header: 'Service',
    cell: ({ row: { original } }) => <AnchorLink from="/environments/$id" to="." search={(now) => ({ ...now, service: original.name })} size="sm" fw={600} aria-label={`Tasks of ${original.name}`}>{original.name}</AnchorLink>,
  }),
  column.accessor(({ stack }) => stack ?? '', { id: 'stack', header: 'Stack' }),
  column.accessor('image', { header: 'Image', cell: ({ getValue }) => <Text size="sm" maw={320} truncate title={getValue()}>{getValue()}</Text> }),
  column.accessor('mode', { header: 'Mode' }),
  column.accessor(({ running, desired }) => `${running} of ${desired}`, { id: 'tasks', header: 'Running', cell: ({ getValue, row: { original } }) => <Text size="sm" fw={original.running < original.desired ? 700 : 400}>{getValue()}{original.running < original.desired ? ', some are missing' : ''}</Text> }),
  column.display({
    id: 'actions',
    header: 'Actions',
    cell: ({ row: { original } }) => (
      <Group gap={2} wrap="nowrap">
        <ScaleService service={original} />
        <RemoveAction name={original.name} text="All of its tasks are stopped and removed." call={{ method: 'DELETE', path: `/services/${encodeURIComponent(original.id)}` }} whyNot={original.name === AGENT_NAME ? WHY_KEPT : null} />
      </Group>
    ),
  }),
] as readonly DataColumn<ServiceRow>[];
const textOf = ({ name, image, stack, mode }: ServiceRow): string => `${name} ${image} ${stack ?? ''} ${mode}`;

export function ServicesTable(): React.JSX.Element {
  const { service } = useSearch({ from: '/environments/$id' });
  return (
    <>
      <SectionFrame section="services" noun="services" columns={COLUMNS} rowId={({ id }) => id} textOf={textOf} sortedBy="name" />
      <ServiceTasks name={service} />
    </>
  );
}
