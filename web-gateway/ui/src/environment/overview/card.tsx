/** A part of the overview: a heading, and facts or whatever else below it. */
import { Group, Paper, Text, Title } from '@mantine/core';

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

/** Names and what they are, beside each other. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: React.ReactNode])[] }): React.JSX.Element {
  return (
    <dl style={{ margin: 0, display: 'grid', gridTemplateColumns: 'minmax(110px, max-content) minmax(0, 1fr)', gap: '6px 16px' }}>
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <Text component="dt" size="sm" c="dimmed">{name}</Text>
          <Text component="dd" size="sm" m={0}>{value}</Text>
        </div>
      ))}
    </dl>
  );
}
