/** What a long list is narrowed by: its filters beside each other, and what takes them all away. */
import { Box, Button } from '@mantine/core';
import { IconFilterOff } from '@tabler/icons-react';
import classes from './filter-bar.module.css';

export interface FilterBarProps {
  /** How wide each filter is where there is room, as CSS's grid has it. */
  readonly columns: string;
  readonly isNarrow: boolean;
  /** Whether there is anything to take away. */
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly children: React.ReactNode;
}

export function FilterBar({ columns, isNarrow, isFiltered, onClear, children }: FilterBarProps): React.JSX.Element {
  return (
    <Box component="search" className={classes['filters'] ?? ''} __vars={{ '--filter-columns': columns }} aria-label="Filters">
      {children}
      {(!isNarrow || isFiltered) && <Button variant="default" leftSection={<IconFilterOff size={16} aria-hidden />} disabled={!isFiltered} onClick={onClear}>Clear filters</Button>}
    </Box>
  );
}
