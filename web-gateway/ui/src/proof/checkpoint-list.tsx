/** All checkpoints, newest first. */
import { Button, Code, Text } from '@mantine/core';
import { columnsOf } from '../parts/data-columns.ts';
import { DataTable } from '../parts/data-table.tsx';
import { RelativeTime } from '../time/relative-time.tsx';
import type { Checkpoint } from './checkpoint.ts';

const column = columnsOf<Checkpoint>();
const COLUMNS = column.columns([
  column.accessor('at', { header: 'Signed', cell: (cell) => <RelativeTime at={cell.getValue()} />, enableSorting: false }),
  column.accessor('position', { header: 'Position', enableSorting: false }),
  column.accessor('events', { header: 'Events', cell: (cell) => cell.getValue().toLocaleString(), enableSorting: false }),
  column.accessor('chain', { header: 'Chain (root)', cell: (cell) => <Code title={cell.getValue()}>{short(cell.getValue())}</Code>, enableSorting: false }),
  column.accessor('signature', { header: 'Signature', cell: (cell) => <Code title={cell.getValue()}>{short(cell.getValue())}</Code>, enableSorting: false }),
  column.accessor('controlPlaneNode', { header: 'Node', enableSorting: false }),
]);

const idOf = ({ position, signature }: Checkpoint): string => `${position} ${signature}`;

export interface CheckpointListProps {
  readonly checkpoints: readonly Checkpoint[];
  readonly total: number;
  /** Loads older ones; absent where there are none. */
  readonly onOlder: (() => void) | undefined;
  readonly isLoading: boolean;
}

export function CheckpointList({ checkpoints, total, onOlder, isLoading }: CheckpointListProps): React.JSX.Element {
  return (
    <>
      <DataTable label="Checkpoints" columns={COLUMNS} rows={checkpoints} rowId={idOf} rowHeight={40} height={checkpoints.length > 8 ? '360px' : 'auto'} />
      <Text size="xs" c="dimmed" mt={4}>{checkpoints.length} of {total.toLocaleString()}</Text>
      {onOlder !== undefined && <Button mt="xs" size="xs" variant="default" loading={isLoading} onClick={onOlder}>Show older ones</Button>}
    </>
  );
}

function short(text: string): string {
  return `${text.slice(0, 16)}…`;
}
