/** Says unmistakably that what is shown is the past, and leads back to now. */
import { Button, Group, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { exactText } from '../time/relative-text.ts';
import { usePastInstant } from './past-instant.ts';

export function PastBanner(): React.JSX.Element | null {
  const instant = usePastInstant();
  const navigate = useNavigate();
  if (instant === undefined) return null;
  return (
    <Group role="status" justify="space-between" px="md" py="xs" mb="md" bg="beacon.5" c="#241a00" style={{ borderRadius: 8 }}>
      <Group gap="xs">
        <IconHistory size={18} aria-hidden />
        <Text fw={600}>The past: as it was at {exactText(instant)}</Text>
      </Group>
      <Button size="xs" color="dark" onClick={() => void navigate({ to: '.', search: ({ at: _, ...now }) => now })}>Back to now</Button>
    </Group>
  );
}
