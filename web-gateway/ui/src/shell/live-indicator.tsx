/** Whether what is shown is live, in a word. */
import { Group, Text, Tooltip } from '@mantine/core';
import { IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import { useLiveState } from '../live/live-updates.tsx';

const WORDS = {
  connecting: ['Connecting', 'Changes are not shown yet.'],
  live: ['Live', 'What happens is shown within a second.'],
  away: ['Reconnecting', 'The server cannot be reached: what is shown may be old. It is tried again by itself.'],
} as const;

export function LiveIndicator(): React.JSX.Element {
  const state = useLiveState();
  const [word, explanation] = WORDS[state];
  const Symbol = state === 'live' ? IconPlugConnected : IconPlugConnectedX;
  return (
    <Tooltip label={explanation}>
      <Group gap={4} wrap="nowrap" role="status" tabIndex={0} c={state === 'away' ? 'var(--mantine-color-error)' : 'dimmed'}>
        <Symbol size={16} aria-hidden />
        <Text size="xs" inherit fz="xs" style={{ whiteSpace: 'nowrap' }}>{word}</Text>
      </Group>
    </Tooltip>
  );
}
