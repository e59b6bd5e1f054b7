/** Says that a snapshot has only some of what there was. */
import { Text } from '@mantine/core';

/** @param of how many there were; null where that is not known, undefined where all are there */
export function CutNote({ shown, of }: { readonly shown: number; readonly of: number | null | undefined }): React.JSX.Element | null {
  if (of === undefined || of === shown) return null;
  return <Text size="sm" c="dimmed">The snapshot has room for {shown}{of === null ? '; there were more' : ` of ${of}`}.</Text>;
}
