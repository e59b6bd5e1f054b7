/** One environment at a glance, and what an admin can change of it. */
import { SimpleGrid, Stack } from '@mantine/core';
import { useMay } from '../../session/session.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { AdminActions } from './admin-actions.tsx';
import { AgentsCard } from './agents-card.tsx';
import { DeployCard } from './deploy-card.tsx';
import { DetailsCard } from './details-card.tsx';
import { SnapshotCard } from './snapshot-card.tsx';
import { StateCard } from './state-card.tsx';

export function OverviewTab({ entityTag }: { readonly entityTag: string | null }): React.JSX.Element {
  const { at, access } = useEnvironmentPage();
  const mayChange = useMay('admin') && at === undefined;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <StateCard />
        <DetailsCard entityTag={mayChange ? entityTag : null} />
      </SimpleGrid>
      <AgentsCard />
      <SnapshotCard />
      {access === 'full' && at === undefined && <DeployCard />}
      {mayChange && <AdminActions />}
    </Stack>
  );
}
