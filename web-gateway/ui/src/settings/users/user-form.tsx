/** Adding a user, or changing the role and the grants of one. */
import { Button, Group, NativeSelect, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isCode } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { useIdempotencyKey } from '../../api/use-idempotency-key.ts';
import { FormError } from '../../parts/form-error.tsx';
import { formFaults } from '../../parts/form-faults.ts';
import { sayDone } from '../../parts/say.ts';
import type { Role } from '../../session/session.ts';
import { GrantsField } from './grants-field.tsx';
import { ROLES, usersQuery, type Grant, type TaggedUser } from './users-query.ts';

/** @param existing the user who is changed; absent where one is added */
export function UserForm({ existing, onDone }: { readonly existing?: TaggedUser; readonly onDone: () => void }): React.JSX.Element {
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>(existing?.user.role ?? 'operator');
  const [grants, setGrants] = useState<readonly Grant[]>(existing?.user.grants ?? []);
  const keyOf = useIdempotencyKey();
  const asked = { role, grants: role === 'operator' ? [...grants] : [] };

  const save = useMutation({
    mutationFn: () => {
      if (existing !== undefined) return answerOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id: existing.user.id }, header: { 'if-match': existing.tag } }, body: asked }));
      const body = { username, password, ...asked };
      return answerOf(api.POST('/api/v1/users', { body, params: { header: { 'idempotency-key': keyOf(body) } } }));
    },
    async onSuccess(user) {
      sayDone(existing === undefined ? `${user.username} is added.` : `${user.username} is changed.`);
      onDone();
      await client.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
    onError(error) {
      // Read again, so that the next try is made on what is there.
      if (isCode(error, 'precondition-failed')) void client.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
  });
  const faults = formFaults(save.error, ['/username', '/password', '/role', '/grants']);
  const grantFault = (index?: number): string | undefined => (index === undefined ? grants.every((_, at) => faults.at(`/grants/${at}`) === undefined) ? faults.at('/grants') : undefined : faults.at(`/grants/${index}`));

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {existing === undefined && (
          <>
            <TextInput label="Username" data-autofocus required withAsterisk={false} autoComplete="off" autoCapitalize="none" value={username} onChange={(event) => setUsername(event.currentTarget.value)} error={faults.at('/username')} />
            <PasswordInput label="Password" description="At least 12 characters; several words that don’t belong together are easy to remember." required withAsterisk={false} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.at('/password')} />
          </>
        )}
        <NativeSelect label="Role" description={ROLES.find(({ value }) => value === role)?.says} data={ROLES.map(({ value, label }) => ({ value, label }))} value={role} onChange={(event) => setRole(ROLES.find(({ value }) => value === event.currentTarget.value)?.value ?? role)} error={faults.at('/role')} />
        {role === 'operator' && <GrantsField value={grants} onChange={setGrants} faultOf={grantFault} />}
        {existing?.user.signsInBy === 'openid-connect' && <Text size="sm" c="dimmed">The provider’s groups give the role again at the next sign-in.</Text>}
        <FormError says={faults.elsewhere} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={save.isPending}>{existing === undefined ? 'Add the user' : 'Save'}</Button>
        </Group>
      </Stack>
    </form>
  );
}
