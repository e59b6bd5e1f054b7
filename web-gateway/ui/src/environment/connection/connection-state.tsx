/** How the connection stands, in the head of the page: a word, its steps on demand, and the way to end it. */
import { Button, Group, Popover, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { StatusWord } from '../../parts/status-word.tsx';
import { LastingTime } from '../../time/relative-time.tsx';
import { openedWithinMs } from './connection-steps.ts';
import { StepList } from './step-list.tsx';
import type { Connection } from './use-connection.ts';

/** @param mayDisconnect who has only access to read may not end what others use */
export function ConnectionState({ connection, mayDisconnect }: { readonly connection: Connection; readonly mayDisconnect: boolean }): React.JSX.Element | null {
  const { phase, tunnel, steps, wasOpenedHere, disconnect, isDisconnecting } = connection;
  if (phase !== 'open' || tunnel === undefined) return null;
  const withinMs = openedWithinMs(steps);
  return (
    <Group gap="xs">
      <Popover width={320} position="bottom-end" withArrow trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton mih={24}>
            <Group gap={6} wrap="nowrap" fz="sm">
              <Text span inherit>Tunnel</Text>
              <StatusWord of="tunnel" state="open" />
              <Text size="xs" c="dimmed" td="underline">
                {wasOpenedHere && withinMs !== null ? `in ${(withinMs / 1000).toFixed(2)} s` : tunnel.openedAt !== null && <LastingTime since={tunnel.openedAt} />}
              </Text>
              <VisuallyHidden>: how it was connected</VisuallyHidden>
            </Group>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown tabIndex={-1}>
          <StepList steps={steps} />
        </Popover.Dropdown>
      </Popover>
      {mayDisconnect && <Button size="xs" variant="default" loading={isDisconnecting} leftSection={<IconPlugConnectedX size={16} aria-hidden />} onClick={disconnect}>Disconnect</Button>}
    </Group>
  );
}
