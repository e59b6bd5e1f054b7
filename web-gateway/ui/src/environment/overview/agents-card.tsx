/** The agents of an environment: one for each node. */
import { Code, Text } from '@mantine/core';
import type { Environment } from '../../api/answer.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';

type Agent = Environment['agents'][number];

const column = columnsOf<Agent>();
const COLUMNS = [
  column.accessor('node', { header: 'Node', cell: ({ getValue }) => <Text size="sm" fw={600}>{getValue()}</Text> }),
  column.accessor('version', { header: 'Version' }),
  column.accessor(({ engine }) => (engine === null ? 'none' : `${engine.name} ${engine.version}`), { id: 'engine', header: 'Engine' }),
  column.accessor('address', { header: 'Address', cell: ({ getValue }) => <Code>{getValue()}</Code> }),
  column.accessor('lastPolledAt', { header: 'Last poll', cell: ({ getValue }) => <RelativeTime at={getValue()} /> }),
  column.accessor(({ addressFailure }) => addressFailure?.detail ?? '', {
    id: 'trouble',
    header: 'Trouble',
    cell: ({ row: { original } }) => (original.addressFailure === null ? <Text span inherit c="dimmed">none</Text> : `It cannot use ${original.addressFailure.address}: ${original.addressFailure.detail}`),
  }),
] as readonly DataColumn<Agent>[];

export function AgentsCard(): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  return (
    <Card title="Agents">
      <DataTable
        label="Agents by node"
        columns={COLUMNS}
        rows={environment.agents}
        rowId={({ node, address }) => `${node} ${address}`}
        empty={<EmptyState title="No agent yet">Start one with a join token: it shows up here with its first poll.</EmptyState>}
      />
    </Card>
  );
}
