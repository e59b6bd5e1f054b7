/** "Connecting to NAME…", as it happens; and why it does not, where it does not. */
import { Alert, Button, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import type { Environment } from '../../api/answer.ts';
import { StepList } from './step-list.tsx';
import type { Connection } from './use-connection.ts';

export function ConnectionPanel({ environment, connection }: { readonly environment: Environment; readonly connection: Connection }): React.JSX.Element | null {
  const { phase, failure, steps, connect, disconnectedBy, isDisconnecting } = connection;
  switch (phase) {
    case 'none':
    case 'open':
      return null;
    case 'off':
      return (
        <Paper withBorder p="md" mb="md" role="status">
          <Group justify="space-between" gap="sm">
            <Group gap="xs">
              <IconPlugConnectedX size={18} aria-hidden />
              <Text>{isDisconnecting ? 'Disconnecting…' : disconnectedBy === null ? 'Disconnected.' : `Disconnected by ${disconnectedBy.replace(/^user:/, '')}.`}</Text>
            </Group>
            {/* Asked for before it is closed, the tunnel that is still open would be taken for the new one. */}
            <Button size="xs" loading={isDisconnecting} leftSection={<IconPlugConnected size={16} aria-hidden />} onClick={connect}>Connect</Button>
          </Group>
        </Paper>
      );
    case 'failed':
      return (
        <Alert role="alert" color="red" variant="light" mb="md" icon={<IconAlertTriangle aria-hidden />} title={`Not connected to ${environment.name}`}>
          <Stack gap="xs" align="flex-start">
            <Text size="sm">{failure?.words}</Text>
            {failure?.advice !== null && <Text size="sm">{failure?.advice}</Text>}
            <Text size="xs" c="dimmed">Code: {failure?.code}</Text>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={connect}>Retry</Button>
            </Group>
            {steps.some(({ at }) => at !== null) && (
              <details>
                <summary>How far it came</summary>
                <StepList steps={steps} />
              </details>
            )}
          </Stack>
        </Alert>
      );
    case 'lost':
    case 'connecting':
      return (
        <Paper withBorder p="md" mb="md">
          <Group gap="xs" role="status" mb="xs">
            <Loader size="xs" aria-hidden />
            <Title order={2} fz="md">{phase === 'lost' ? `Connecting to ${environment.name} again…` : `Connecting to ${environment.name}…`}</Title>
          </Group>
          {phase === 'lost' && <Text size="sm" c="dimmed" mb="xs">The tunnel is gone. It comes back by itself.</Text>}
          <StepList steps={steps} />
        </Paper>
      );
  }
}
