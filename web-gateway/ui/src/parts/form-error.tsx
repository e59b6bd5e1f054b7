/** What went wrong with a form, where it belongs to none of its fields. */
import { Alert } from '@mantine/core';

/** @param says undefined where nothing did */
export function FormError({ says }: { readonly says: string | undefined }): React.JSX.Element | null {
  return says === undefined ? null : <Alert role="alert" color="red" variant="light">{says}</Alert>;
}
