/** The steps of a connection, each with its time. */
import { Group, List, Loader, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed, IconCircleX } from '@tabler/icons-react';
import { exactText } from '../../time/relative-text.ts';
import type { ConnectionStep } from './connection-steps.ts';

const SAID = { done: 'done', now: 'under way', ahead: 'to come', failed: 'failed' } as const;

export function StepList({ steps }: { readonly steps: readonly ConnectionStep[] }): React.JSX.Element {
  const firstMs = Date.parse(steps[0]?.at ?? '');
  return (
    <List listStyleType="none" spacing={4} aria-label="Steps of the connection">
      {steps.map(({ name, label, at, state, note }) => (
        <List.Item key={name} c={state === 'ahead' ? 'dimmed' : ''}>
          <Group gap="xs" align="flex-start" wrap="nowrap">
            <Symbol state={state} />
            <div>
              <Group gap="xs">
                <Text size="sm" fw={state === 'now' ? 600 : 400}>{label}</Text>
                <VisuallyHidden>{SAID[state]}</VisuallyHidden>
                {at !== null && (
                  <Tooltip label={exactText(at)}>
                    <Text component="time" size="xs" c="dimmed" dateTime={at}>{name === 'required' || Number.isNaN(firstMs) ? new Date(at).toLocaleTimeString() : `+${((Date.parse(at) - firstMs) / 1000).toFixed(2)} s`}</Text>
                  </Tooltip>
                )}
              </Group>
              {note !== null && <Text size="xs" c="dimmed">{note}</Text>}
            </div>
          </Group>
        </List.Item>
      ))}
    </List>
  );
}

function Symbol({ state }: { readonly state: ConnectionStep['state'] }): React.JSX.Element {
  const style = { flexShrink: 0, marginTop: 2 };
  switch (state) {
    case 'done':
      return <IconCircleCheck size={16} aria-hidden style={{ ...style, color: 'var(--homeport-good)' }} />;
    case 'failed':
      return <IconCircleX size={16} aria-hidden style={{ ...style, color: 'var(--mantine-color-error)' }} />;
    case 'now':
      return <Loader size={14} aria-hidden style={{ margin: 1, ...style }} />;
    case 'ahead':
      return <IconCircleDashed size={16} aria-hidden style={style} />;
  }
}
