/** Says unmistakably that what is shown is the past, carries the time machine, and leads back to now. */
import { Button, CloseButton, Group, Paper, Text } from '@mantine/core';
import { IconHistory, IconInfoCircle } from '@tabler/icons-react';
import { RelativeTime } from '../time/relative-time.tsx';
import { exactText } from '../time/relative-text.ts';
import { useApproximate } from './approximate.ts';
import { usePastInstant, useShowsPast } from './past-instant.ts';
import classes from './past.module.css';
import { TimeMachine } from './time-machine.tsx';
import { useTravel } from './travel.ts';

/** @param isOpen whether the time machine was asked for: then it is there at now, too */
export function PastBanner({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }): React.JSX.Element | null {
  const instant = usePastInstant();
  const showsPast = useShowsPast();
  const travel = useTravel();
  const approximate = useApproximate(showsPast ? instant : undefined);
  if (instant === undefined && (!isOpen || !showsPast)) return null;

  const backToNow = (): void => {
    travel.backToNow();
    onClose();
  };
  if (instant !== undefined && !showsPast) {
    return (
      <Paper withBorder p="xs" mb="md" className={classes['aside'] ?? ''}>
        <Group justify="space-between" gap="xs">
          <Text size="sm">This page shows now. The time machine stands at {exactText(instant)}.</Text>
          <Button size="xs" variant="default" onClick={backToNow}>Back to now</Button>
        </Group>
      </Paper>
    );
  }
  return (
    <>
      <Group data-past={instant !== undefined || undefined} className={classes['banner'] ?? ''} justify="space-between" gap="xs" wrap="nowrap">
        <Group gap="xs" wrap="nowrap" role="status">
          <IconHistory size={18} aria-hidden style={{ flexShrink: 0 }} />
          {instant === undefined ? (
            <Text size="sm" fw={600}>Time machine: this is now. Choose an instant.</Text>
          ) : (
            <Text size="sm" fw={600}>The past: as it was at {exactText(instant)} (<RelativeTime at={instant} />)</Text>
          )}
        </Group>
        {instant === undefined ? <CloseButton aria-label="Close the time machine" onClick={onClose} /> : <Button size="xs" color="dark.9" style={{ flexShrink: 0 }} onClick={backToNow}>Back to now</Button>}
      </Group>
      <section className={classes['controls']} aria-label="Time machine" data-past={instant !== undefined || undefined}>
        <TimeMachine />
        {approximate.length > 0 && (
          <Group gap={6} mt="xs" wrap="nowrap" align="flex-start">
            <IconInfoCircle size={16} aria-hidden style={{ flexShrink: 0, marginTop: 2 }} />
            <Text size="xs">Not exact here: {approximate.join('; ')}. All else is.</Text>
          </Group>
        )}
      </section>
    </>
  );
}
