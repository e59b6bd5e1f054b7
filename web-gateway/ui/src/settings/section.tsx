/** A part of a settings page: what it is about, and what is in it. */
import { Group, Paper, Stack, Text, Title } from '@mantine/core';

export interface SectionProps {
  readonly title: string;
  readonly description?: React.ReactNode;
  readonly actions?: React.ReactNode;
  readonly children: React.ReactNode;
}

export function Section({ title, description, actions, children }: SectionProps): React.JSX.Element {
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="sm">
          <div style={{ flex: '1 1 260px' }}>
            <Title order={2}>{title}</Title>
            {description !== undefined && <Text component="div" size="sm" c="dimmed">{description}</Text>}
          </div>
          {actions}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
