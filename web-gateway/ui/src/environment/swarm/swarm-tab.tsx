/** A Swarm: its services with their tasks, and its nodes. */
import { Stack, Title } from '@mantine/core';
import { ServicesTable } from './services-table.tsx';
import { SwarmNodes } from './swarm-nodes.tsx';

export function SwarmTab(): React.JSX.Element {
  return (
    <Stack gap="lg">
      <section aria-labelledby="swarm-services">
        <Title order={2} fz="md" mb="sm" id="swarm-services">Services</Title>
        <ServicesTable />
      </section>
      <section aria-labelledby="swarm-nodes">
        <Title order={2} fz="md" mb="sm" id="swarm-nodes">Nodes</Title>
        <SwarmNodes />
      </section>
    </Stack>
  );
}
