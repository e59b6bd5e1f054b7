/** What is shown where there is nothing: that it is so on purpose, and what to do next. */
import { Stack, Text } from '@mantine/core';

export function EmptyState({ title, children }: { readonly title: string; readonly children?: React.ReactNode }): React.JSX.Element {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      <Text fw={600}>{title}</Text>
      {children !== undefined && <Text component="div" size="sm" c="dimmed" maw={520}>{children}</Text>}
    </Stack>
  );
}
