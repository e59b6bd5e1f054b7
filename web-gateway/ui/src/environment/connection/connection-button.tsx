/** How the connection stands, in the head of the page: a word, its steps on demand, and the way to end it. */
import { Button, Group, Popover, Text, UnstyledButton } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { StatusWord } from '../../parts/status-word.tsx';
import { RelativeTime } from '../../time/relative-time.tsx';
import { openedWithinMs } from './connection-steps.ts';
import { StepList } from './step-list.tsx';
import type { Connection } from './use-connection.ts';

export function ConnectionState({ connection }: { readonly connection: Connection }): React.JSX.Element | null {
  const { phase, tunnel, steps, wasOpenedHere, disconnect, isDisconnecting } = connection;
  if (phase !== 'open' || tunnel === undefined) return null;
  const withinMs = openedWithinMs(steps);
  return (
    <Group gap="xs">
      <Popover width={320} position="bottom-end" withArrow trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton aria-label="How it was connected">
            <Group gap={6} wrap="nowrap">
              <StatusWord of="tunnel" state="open" />
              <Text size="xs" c="dimmed" td="underline">
                {wasOpenedHere && withinMs !== null ? `in ${(withinMs / 1000).toFixed(2)} s` : <RelativeTime at={tunnel.openedAt} />}
              </Text>
            </Group>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown tabIndex={-1}>
          <StepList steps={steps} />
        </Popover.Dropdown>
      </Popover>
      <Button size="xs" variant="default" loading={isDisconnecting} leftSection={<IconPlugConnectedX size={16} aria-hidden />} onClick={disconnect}>Disconnect</Button>
    </Group>
  );
}
