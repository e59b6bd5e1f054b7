/** An action of a row as a symbol with a name; where it cannot be done it says why, to the keyboard as well. */
import { ActionIcon, Tooltip } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';

export interface RowActionProps {
  readonly label: string;
  readonly icon: Icon;
  readonly onClick: () => void;
  /** Why it cannot be done; null where it can. */
  readonly whyNot?: string | null;
  readonly isBusy?: boolean;
}

export function RowAction({ label, icon: Symbol, onClick, whyNot = null, isBusy = false }: RowActionProps): React.JSX.Element {
  // One that is truly disabled can have no focus, and so tell nobody why.
  const isOff = whyNot !== null;
  return (
    <Tooltip label={isOff ? `${label}: ${whyNot}` : label} multiline maw={300}>
      <ActionIcon variant="subtle" color="gray" size="md" aria-label={label} loading={isBusy} onClick={isOff ? undefined : onClick} {...(isOff ? { 'aria-disabled': true, 'aria-description': whyNot, style: { opacity: 0.45, cursor: 'not-allowed' } } : {})} c={isOff ? 'dimmed' : 'var(--mantine-color-text)'}>
        <Symbol size={17} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
