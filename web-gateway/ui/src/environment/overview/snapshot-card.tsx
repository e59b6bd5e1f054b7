/** What the last snapshot counted, and taking another one. */
import { Button, SimpleGrid, Text } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { bytesText } from '../../parts/bytes-text.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';

export function SnapshotCard(): React.JSX.Element {
  const { environment, access, at } = useEnvironmentPage();
  const { snapshot } = environment;
  const summary = snapshot?.summary ?? null;
  return (
    <Card title="Last snapshot" actions={access === 'full' && at === undefined ? <TakeSnapshot id={environment.id} /> : undefined}>
      {snapshot?.lastFailure !== null && snapshot?.lastFailure !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" mb="xs">The last attempt failed <RelativeTime at={snapshot.lastFailure.at} />: {snapshot.lastFailure.detail} ({snapshot.lastFailure.reason})</Text>
      )}
      {summary === null ? (
        <EmptyState title="No snapshot yet">One is taken when the agent has joined, every hour, and before an idle tunnel closes.</EmptyState>
      ) : (
        <>
          <Text size="sm" c="dimmed" mb="sm">Taken <RelativeTime at={snapshot?.takenAt} /></Text>
          <SimpleGrid cols={{ base: 2, xs: 3, sm: 4, lg: 8 }} spacing="sm" component="dl" m={0}>
            <Count name="Running" value={summary.containers.running} />
            <Count name="Stopped" value={summary.containers.stopped} />
            <Count name="Unhealthy" value={summary.containers.unhealthy} />
            <Count name="Stacks" value={summary.stacks} />
            <Count name="Images" value={summary.images} />
            <Count name="Volumes" value={summary.volumes} />
            <Count name="CPUs" value={summary.cpus} />
            <Count name="Memory" value={bytesText(summary.memoryBytes)} />
          </SimpleGrid>
        </>
      )}
    </Card>
  );
}

function Count({ name, value }: { readonly name: string; readonly value: number | string }): React.JSX.Element {
  return (
    <div style={{ display: 'flex', flexDirection: 'column-reverse' }}>
      <Text component="dt" size="xs" c="dimmed">{name}</Text>
      <Text component="dd" m={0} fw={600} fz="lg">{value}</Text>
    </div>
  );
}

/** Of an agent that polls by single calls it comes with its next poll. */
export function TakeSnapshot({ id }: { readonly id: string }): React.JSX.Element {
  const take = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/environments/{id}/snapshots', { params: { path: { id } } })),
    onSuccess: ({ agents }) => sayDone(agents > 0 ? 'The agent is asked; the snapshot follows in a moment.' : 'The agent is asked with its next poll.'),
    onError: (error) => sayFailed('No snapshot could be asked for', error),
  });
  return <Button size="xs" variant="default" leftSection={<IconCamera size={14} aria-hidden />} loading={take.isPending} onClick={() => take.mutate()}>Take a snapshot now</Button>;
}
