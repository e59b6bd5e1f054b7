/** What is shown in place of what could not be loaded: why, and the way to try again. */
import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ApiError, messageOf } from '../api/api-error.ts';

export function ErrorState({ error, title = 'This could not be loaded', onRetry }: { readonly error: unknown; readonly title?: string; readonly onRetry?: (() => void) | undefined }): React.JSX.Element {
  return (
    <Alert role="alert" color="red" variant="light" title={title} icon={<IconAlertTriangle aria-hidden />} m="md">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">{messageOf(error)}</Text>
        {error instanceof ApiError && <Text size="xs" c="dimmed">Code: {error.code}</Text>}
        {onRetry !== undefined && <Button size="xs" variant="default" onClick={onRetry}>Try again</Button>}
      </Stack>
    </Alert>
  );
}
