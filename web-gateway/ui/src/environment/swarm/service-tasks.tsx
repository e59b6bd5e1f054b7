/** The tasks of a service: on which node each is, how it is, and the way to its container there. */
import { Button, Drawer, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { askDocker } from '../../api/docker.ts';
import { withVisibleControlsIn } from '../../api/visible-controls.ts';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useReturnedFocus } from '../../parts/returned-focus.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import type { ContainerView } from '../environment-search.ts';
import { engineKey, useRows } from '../engine/use-rows.ts';

interface ApiTask {
  readonly ID: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly Timestamp?: string; readonly Err?: string; readonly ContainerStatus?: { readonly ContainerID?: string } };
}

interface TaskRow {
  readonly id: string;
  readonly slot: number | null;
  readonly nodeId: string | null;
  readonly node: string;
  readonly state: string;
  readonly desired: string;
  readonly at: string | null;
  readonly error: string;
  readonly container: string | null;
}

const column = columnsOf<TaskRow>();
const COLUMNS = [
  column.accessor(({ slot, id }) => (slot === null ? id.slice(0, 12) : String(slot)), { id: 'slot', header: 'Task' }),
  column.accessor('node', { header: 'Node' }),
  column.accessor('state', { header: 'State', cell: ({ row: { original } }) => <div><Text size="sm">{original.state}{original.desired === original.state ? '' : ` (should be ${original.desired})`}</Text>{original.error !== '' && <Text size="xs" c="var(--mantine-color-error)">{original.error}</Text>}</div> }),
  column.accessor('at', { header: 'Since', cell: ({ getValue }) => <RelativeTime at={getValue()} /> }),
  column.display({ id: 'actions', header: 'Actions', cell: ({ row: { original } }) => <TaskLinks task={original} /> }),
] as readonly DataColumn<TaskRow>[];

/** @param name undefined where none is looked at */
export function ServiceTasks({ name }: { readonly name: string | undefined }): React.JSX.Element {
  const navigate = useNavigate({ from: '/environments/$id' });
  return (
    <Drawer {...useReturnedFocus(name !== undefined)} opened={name !== undefined} onClose={() => void navigate({ search: ({ service: _, ...now }) => now })} position="right" size="min(900px, 100vw)" title={`Tasks of ${name ?? ''}`}>
      {name !== undefined && <Tasks name={name} />}
    </Drawer>
  );
}

function Tasks({ name }: { readonly name: string }): React.JSX.Element {
  const { environment, node, source, whyNotLive } = useEnvironmentPage();
  const { rows: nodes = [] } = useRows('nodes');
  const { data, error, refetch } = useQuery({
    queryKey: engineKey(environment.id, node, 'tasks', name),
    queryFn: async ({ signal }) => withVisibleControlsIn(await askDocker<readonly ApiTask[]>(environment.id, '/tasks', { node: node ?? null, query: { filters: JSON.stringify({ service: { [name]: true } }) }, signal })),
    enabled: source.kind === 'engine' && source.isReachable,
  });
  if (source.kind === 'snapshot') return <EmptyState title="Tasks need the engine">{whyNotLive}</EmptyState>;
  if (error !== null && data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingState label="Asking for tasks" />;
  const rows = data.map<TaskRow>(({ ID, Slot, NodeID, DesiredState, Status }) => ({
    id: ID,
    slot: Slot ?? null,
    nodeId: NodeID ?? null,
    node: nodes.find(({ id }) => id === NodeID)?.hostname ?? NodeID ?? 'none yet',
    state: Status.State,
    desired: DesiredState,
    at: Status.Timestamp ?? null,
    error: Status.Err ?? '',
    container: Status.State === 'running' ? (Status.ContainerStatus?.ContainerID ?? null) : null,
  }));
  return <DataTable label={`Tasks of ${name}`} columns={COLUMNS} rows={rows} rowId={({ id }) => id} initialSorting={[{ id: 'slot', desc: false }]} empty={<EmptyState title="No tasks" />} />;
}

/** The container may be on any node: its page is that node's. */
function TaskLinks({ task: { container, nodeId } }: { readonly task: TaskRow }): React.JSX.Element | null {
  const { whyNoActions } = useEnvironmentPage();
  const navigate = useNavigate({ from: '/environments/$id' });
  if (container === null || nodeId === null) return null;
  const go = (view: ContainerView): void => void navigate({ search: ({ service: _, ...now }) => ({ ...now, tab: 'containers', node: nodeId, container, view }) });
  return (
    <Group gap={4} wrap="nowrap">
      <Button size="compact-xs" variant="default" onClick={() => go('logs')}>Logs</Button>
      <Button size="compact-xs" variant="default" disabled={whyNoActions !== null} onClick={() => go('terminal')}>Terminal</Button>
    </Group>
  );
}
