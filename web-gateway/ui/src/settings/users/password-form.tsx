/** Gives somebody else another password. */
import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { FormError } from '../../parts/form-error.tsx';
import { formFaults } from '../../parts/form-faults.ts';
import { sayDone } from '../../parts/say.ts';
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
  const faults = formFaults(save.error, ['/password']);
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
        <PasswordInput label="New password" description="At least 12 characters." data-autofocus required withAsterisk={false} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.at('/password')} />
        <FormError says={faults.elsewhere} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={save.isPending}>Set the password</Button>
        </Group>
      </Stack>
    </form>
  );
}
