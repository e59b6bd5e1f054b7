/** A part of the overview: a heading, and facts or whatever else below it. */
import { Group, Paper, Title } from '@mantine/core';

export function Card({ title, actions, children }: { readonly title: string; readonly actions?: React.ReactNode; readonly children: React.ReactNode }): React.JSX.Element {
  return (
    <Paper component="section" withBorder p="md" bg="var(--homeport-surface)" aria-label={title}>
      <Group justify="space-between" mb="sm" gap="xs" mih={30}>
        <Title order={2} fz="md">{title}</Title>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Paper>
  );
}
