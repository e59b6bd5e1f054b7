/** The head of a screen: its name, which is also the document's title, and its actions. */
import { Group, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { usePastInstant, useShowsPast } from '../past/past-instant.ts';

export function PageHeader({ title, description, actions }: { readonly title: string; readonly description?: React.ReactNode; readonly actions?: React.ReactNode }): React.JSX.Element {
  const instant = usePastInstant();
  const isPast = useShowsPast() && instant !== undefined;
  useDocumentTitle(`${isPast ? 'The past: ' : ''}${title} · Homeport`);
  return (
    <Group justify="space-between" align="flex-end" gap="sm" mb="md">
      <div>
        <Title order={1}>{title}</Title>
        {description !== undefined && <Text component="div" size="sm" c="dimmed">{description}</Text>}
      </div>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
