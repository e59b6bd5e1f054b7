/** The volumes of an engine. */
import { Text } from '@mantine/core';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import type { VolumeRow } from '../engine/engine-rows.ts';
import { RemoveAction } from '../tables/remove-action.tsx';
import { SectionFrame } from '../tables/section-frame.tsx';

/** The agent keeps who it is in it. */
const AGENTS = 'homeport-agent-data';

const column = columnsOf<VolumeRow>();
const COLUMNS = [
  column.accessor('name', { header: 'Name', cell: ({ getValue }) => <Text size="sm" fw={600} maw={360} truncate title={getValue()}>{getValue()}</Text> }),
  column.accessor(({ project }) => project ?? '', { id: 'project', header: 'Project' }),
  column.accessor('driver', { header: 'Driver' }),
  column.accessor('mountpoint', { header: 'Mount point', cell: ({ getValue }) => <Text size="sm" ff="monospace" maw={420} truncate title={getValue()}>{getValue()}</Text> }),
  column.display({
    id: 'actions',
    header: 'Actions',
    cell: ({ row: { original: { name } } }) => <RemoveAction name={name} text="All that is stored in it is lost." call={{ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}` }} whyNot={name === AGENTS ? 'It is the agent’s own: in it the agent keeps who it is.' : null} />,
  }),
] as readonly DataColumn<VolumeRow>[];
const textOf = ({ name, driver, project }: VolumeRow): string => `${name} ${driver} ${project ?? ''}`;

export function VolumesTab(): React.JSX.Element {
  return <SectionFrame section="volumes" noun="volumes" columns={COLUMNS} rowId={({ name }) => name} textOf={textOf} sortedBy="name" />;
}
