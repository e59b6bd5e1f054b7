/** The nodes of a Swarm, each a way to its own engine. */
import { Anchor, Badge, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { columnsOf } from '../../parts/data-table.tsx';
import { ToneWord } from '../../parts/status-word.tsx';
import type { SwarmNodeRow } from '../engine/engine-rows.ts';
import { SectionFrame } from '../tables/section-frame.tsx';

const column = columnsOf<SwarmNodeRow>();
const COLUMNS = [
  column.accessor('hostname', {
    header: 'Node',
    cell: ({ row: { original } }) => (
      <Anchor component={Link} to="." search={((now: object) => ({ ...now, tab: 'containers', node: original.id })) as never} size="sm" fw={600} aria-label={`Containers on ${original.hostname}`}>{original.hostname}</Anchor>
    ),
  }),
  column.accessor('role', { header: 'Role', cell: ({ row: { original } }) => <Group gap={6}><Text size="sm">{original.role}</Text>{original.isLeader && <Badge size="xs" variant="default">leader</Badge>}</Group> }),
  column.accessor('state', { header: 'State', cell: ({ getValue }) => (getValue() === 'ready' ? <ToneWord word="Ready" tone="good" icon={IconCircleCheck} /> : <ToneWord word={getValue()} tone="bad" icon={IconCircleX} />) }),
  column.accessor('availability', { header: 'Availability' }),
  column.accessor('address', { header: 'Address' }),
  column.accessor('engineVersion', { header: 'Engine' }),
];
const textOf = ({ hostname, role, state, address }: SwarmNodeRow): string => `${hostname} ${role} ${state} ${address}`;

export function SwarmNodes(): React.JSX.Element {
  return <SectionFrame section="nodes" noun="nodes" columns={COLUMNS as never} rowId={({ id }) => id} textOf={textOf} sortedBy="hostname" />;
}
