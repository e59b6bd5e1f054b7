/** Adding a user, or changing the role and the grants of one. */
import { Alert, Button, Group, NativeSelect, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError, isCode, messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { sayDone } from '../say.ts';
import { GrantsField } from './grants-field.tsx';
import { ROLES, usersQuery, type Grant, type Role, type TaggedUser } from './users-query.ts';

/** @param existing the user who is changed; absent where one is added */
export function UserForm({ existing, onDone }: { readonly existing?: TaggedUser; readonly onDone: () => void }): React.JSX.Element {
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>(existing?.user.role ?? 'operator');
  const [grants, setGrants] = useState<readonly Grant[]>(existing?.user.grants ?? []);
  const key = useRef<string>(undefined);
  const asked = { role, grants: role === 'operator' ? [...grants] : [] };

  const save = useMutation({
    mutationFn: () => {
      if (existing !== undefined) return answerOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id: existing.user.id }, header: { 'if-match': existing.tag } }, body: asked }));
      key.current ??= crypto.randomUUID();
      return answerOf(api.POST('/api/v1/users', { body: { username, password, ...asked }, params: { header: { 'idempotency-key': key.current } } }));
    },
    async onSuccess(user) {
      sayDone(existing === undefined ? `${user.username} is added.` : `${user.username} is changed.`);
      onDone();
      await client.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
    onError(error) {
      key.current = undefined;
      // Read again, so that the next try is made on what is there.
      if (isCode(error, 'precondition-failed')) void client.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
  });
  const error = save.error instanceof ApiError ? save.error : undefined;
  const grantFault = (index?: number): string | undefined => error?.faults.find(({ pointer }) => (index === undefined ? pointer === '/grants' : pointer?.startsWith(`/grants/${index}/`)))?.reason;
  const isAtField = error !== undefined && (['/username', '/password', '/role'].some((pointer) => error.faultAt(pointer) !== undefined) || error.faults.some(({ pointer }) => pointer?.startsWith('/grants')));

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
            <TextInput label="Username" data-autofocus required withAsterisk={false} autoComplete="off" autoCapitalize="none" value={username} onChange={(event) => setUsername(event.currentTarget.value)} error={error?.faultAt('/username')} />
            <PasswordInput label="Password" description="At least 12 characters; several words that don’t belong together are easy to remember." required withAsterisk={false} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={error?.faultAt('/password')} visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }} />
          </>
        )}
        <NativeSelect label="Role" description={ROLES.find(({ value }) => value === role)?.says} data={ROLES.map(({ value, label }) => ({ value, label }))} value={role} onChange={(event) => setRole(ROLES.find(({ value }) => value === event.currentTarget.value)?.value ?? role)} error={error?.faultAt('/role')} />
        {role === 'operator' && <GrantsField value={grants} onChange={setGrants} faultOf={grantFault} />}
        {existing?.user.signsInBy === 'openid-connect' && <Text size="sm" c="dimmed">The provider’s groups give the role again at the next sign-in.</Text>}
        {save.isError && !isAtField && <Alert role="alert" color="red" variant="light">{messageOf(save.error)}</Alert>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={save.isPending}>{existing === undefined ? 'Add the user' : 'Save'}</Button>
        </Group>
      </Stack>
    </form>
  );
}
