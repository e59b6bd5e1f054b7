/** What is shown while something is on its way. */
import { Center, Loader, VisuallyHidden } from '@mantine/core';

export function LoadingState({ label = 'Loading' }: { readonly label?: string }): React.JSX.Element {
  return (
    <Center p="xl" role="status">
      <Loader size="sm" aria-hidden />
      <VisuallyHidden>{label}…</VisuallyHidden>
    </Center>
  );
}
