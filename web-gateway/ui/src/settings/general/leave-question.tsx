/** Asks whoever goes elsewhere with changes that are not saved. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { Dialog } from '../../parts/dialog.tsx';

/** @param hasChanges whether there is anything to lose */
export function LeaveQuestion({ hasChanges }: { readonly hasChanges: boolean }): React.JSX.Element {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => hasChanges && current.pathname !== next.pathname,
    enableBeforeUnload: () => hasChanges,
    withResolver: true,
  });
  return (
    <Dialog opened={status === 'blocked'} onClose={() => reset?.()} title="Leave without saving?">
      <Stack>
        <Text size="sm">The changes to the settings are not saved yet.</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => proceed?.()}>Leave</Button>
          <Button onClick={() => reset?.()} data-autofocus>Stay</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
