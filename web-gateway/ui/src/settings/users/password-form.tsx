/** Gives somebody else another password. */
import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { sayDone } from '../say.ts';
import type { User } from './users-query.ts';

export function PasswordForm({ user, onDone }: { readonly user: User; readonly onDone: () => void }): React.JSX.Element {
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => answerOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id: user.id } }, body: { password } })),
    onSuccess() {
      sayDone(`${user.username} has another password, and is signed out everywhere.`);
      onDone();
    },
  });
  const fault = save.error instanceof ApiError ? save.error.faultAt('/password') : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <Text size="sm">All sessions of {user.username} end. Tell them the password yourself; they can change it then.</Text>
        <PasswordInput label="New password" description="At least 12 characters." data-autofocus required withAsterisk={false} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={fault} visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }} />
        {save.isError && fault === undefined && <Alert role="alert" color="red" variant="light">{messageOf(save.error)}</Alert>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={save.isPending}>Set the password</Button>
        </Group>
      </Stack>
    </form>
  );
}
