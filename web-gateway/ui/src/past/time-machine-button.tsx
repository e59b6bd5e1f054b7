/** Opens the time machine, from any page that can show the past. */
import { Button, Tooltip } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { usePastInstant, useShowsPast } from './past-instant.ts';

export function TimeMachineButton({ isOpen, onToggle }: { readonly isOpen: boolean; readonly onToggle: () => void }): React.JSX.Element | null {
  const instant = usePastInstant();
  if (!useShowsPast() || instant !== undefined) return null;
  return (
    <Tooltip label="Time machine: this page at any past instant">
      <Button variant="default" size="xs" px={8} aria-label="Time machine" aria-expanded={isOpen} onClick={onToggle}>
        <IconHistory size={16} aria-hidden />
      </Button>
    </Tooltip>
  );
}
