/** What is shown where filters leave nothing, and the way back to all. */
import { Button } from '@mantine/core';
import { EmptyState } from '../parts/empty-state.tsx';

/** @param title such as `No environment matches` */
export function NoMatch({ title, onClear }: { readonly title: string; readonly onClear: () => void }): React.JSX.Element {
  return (
    <EmptyState title={title}>
      <Button variant="default" size="xs" onClick={onClear}>Clear filters</Button>
    </EmptyState>
  );
}
