/** The networks of an engine. */
import { Text } from '@mantine/core';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import type { NetworkRow } from '../engine/engine-rows.ts';
import { RemoveAction } from '../tables/remove-action.tsx';
import { SectionFrame } from '../tables/section-frame.tsx';

/** The engine's own, which it does not remove. */
const BUILT_IN = new Set(['bridge', 'host', 'none', 'ingress', 'docker_gwbridge', 'podman']);

const column = columnsOf<NetworkRow>();
const COLUMNS = [
  column.accessor('name', { header: 'Name', cell: ({ getValue }) => <Text size="sm" fw={600}>{getValue()}</Text> }),
  column.accessor(({ project }) => project ?? '', { id: 'project', header: 'Project' }),
  column.accessor('driver', { header: 'Driver' }),
  column.accessor('scope', { header: 'Scope' }),
  column.accessor(({ subnets }) => subnets.join(', '), { id: 'subnets', header: 'Subnets', cell: ({ getValue }) => <Text size="sm" ff="monospace">{getValue()}</Text> }),
  column.accessor(({ isInternal }) => (isInternal ? 'yes' : 'no'), { id: 'internal', header: 'Internal' }),
  column.display({
    id: 'actions',
    header: 'Actions',
    cell: ({ row: { original: { id, name } } }) => <RemoveAction name={name} text="Containers that use it keep it from being removed." call={{ method: 'DELETE', path: `/networks/${encodeURIComponent(id)}` }} whyNot={BUILT_IN.has(name) ? 'It is the engine’s own.' : null} />,
  }),
] as readonly DataColumn<NetworkRow>[];
const textOf = ({ name, driver, scope, subnets, project }: NetworkRow): string => `${name} ${driver} ${scope} ${subnets.join(' ')} ${project ?? ''}`;

export function NetworksTab(): React.JSX.Element {
  return <SectionFrame section="networks" noun="networks" columns={COLUMNS} rowId={({ id }) => id} textOf={textOf} sortedBy="name" />;
}
