/** The nodes of a Swarm, each a way to its own engine. */
import { Badge, Group, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { AnchorLink } from '../../parts/anchor-link.tsx';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { ToneWord } from '../../parts/status-word.tsx';
import type { SwarmNodeRow } from '../engine/engine-rows.ts';
import { SectionFrame } from '../tables/section-frame.tsx';

const column = columnsOf<SwarmNodeRow>();
const COLUMNS = [
  column.accessor('hostname', {
    header: 'Node',
    cell: ({ row: { original } }) => (
      <AnchorLink from="/environments/$id" to="." search={(now) => ({ ...now, tab: 'containers', node: original.id })} size="sm" fw={600} aria-label={`Containers on ${original.hostname}`}>{original.hostname}</AnchorLink>
    ),
  }),
  column.accessor('role', { header: 'Role', cell: ({ row: { original } }) => <Group gap={6}><Text size="sm">{original.role}</Text>{original.isLeader && <Badge size="xs" variant="default">leader</Badge>}</Group> }),
  column.accessor('state', { header: 'State', cell: ({ getValue }) => (getValue() === 'ready' ? <ToneWord word="Ready" tone="good" icon={IconCircleCheck} /> : <ToneWord word={getValue()} tone="bad" icon={IconCircleX} />) }),
  column.accessor('availability', { header: 'Availability' }),
  column.accessor('address', { header: 'Address' }),
  column.accessor('engineVersion', { header: 'Engine' }),
] as readonly DataColumn<SwarmNodeRow>[];
const textOf = ({ hostname, role, state, address }: SwarmNodeRow): string => `${hostname} ${role} ${state} ${address}`;

export function SwarmNodes(): React.JSX.Element {
  return <SectionFrame section="nodes" noun="nodes" columns={COLUMNS} rowId={({ id }) => id} textOf={textOf} sortedBy="hostname" />;
}
