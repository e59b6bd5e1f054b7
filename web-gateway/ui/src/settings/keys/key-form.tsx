/** Creates an API key, and shows its secret this once. */
import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError, messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { CommandText } from '../../parts/command-text.tsx';
import { RANK, useSession, type Role } from '../../session/session.ts';
import { serverNow } from '../../time/server-clock.ts';
import { ROLES } from '../users/users-query.ts';
import { KEYS } from './keys-table.tsx';

const DAY_MS = 86_400_000;
const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: 'never', label: 'for ever' },
  { value: 'date', label: 'until a day…' },
];

export function KeyForm({ onDone }: { readonly onDone: () => void }): React.JSX.Element {
  const client = useQueryClient();
  const { role: own } = useSession();
  const roles = ROLES.filter(({ value }) => RANK[value] <= RANK[own as Role]);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(roles.find(({ value }) => value === 'auditor')?.value ?? 'metrics');
  const [life, setLife] = useState('90');
  const [day, setDay] = useState('');
  const key = useRef<string>(undefined);

  const create = useMutation({
    mutationFn: () => {
      key.current ??= crypto.randomUUID();
      const until = life === 'date' ? Date.parse(`${day}T00:00:00`) : serverNow() + Number(life) * DAY_MS;
      const expiresAt = Number.isNaN(until) ? null : new Date(until).toISOString();
      return answerOf(api.POST('/api/v1/api-keys', { body: { name, role, expiresAt }, params: { header: { 'idempotency-key': key.current } } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS }),
    onError: () => (key.current = undefined),
  });

  if (create.data !== undefined) {
    return (
      <Stack>
        <Alert color="beacon" variant="light" title="Copy it now">It is shown this once, and kept nowhere.</Alert>
        <CommandText text={create.data.secret} label={`The key ${create.data.name}`} copyLabel="Copy the key" />
        <Group justify="flex-end">
          <Button onClick={onDone}>Done</Button>
        </Group>
      </Stack>
    );
  }
  const error = create.error instanceof ApiError ? create.error : undefined;
  const isAtField = ['/name', '/role', '/expiresAt'].some((pointer) => error?.faultAt(pointer) !== undefined);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput label="Name" description="What it is for." placeholder="monitoring" data-autofocus required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={error?.faultAt('/name')} />
        <NativeSelect label="Role" description={ROLES.find(({ value }) => value === role)?.says} data={roles.map(({ value, label }) => ({ value, label }))} value={role} onChange={(event) => setRole(roles.find(({ value }) => value === event.currentTarget.value)?.value ?? role)} error={error?.faultAt('/role')} />
        <Group gap="xs" align="flex-start">
          <NativeSelect label="Good for" data={LIVES} value={life} onChange={(event) => setLife(event.currentTarget.value)} error={life === 'date' ? undefined : error?.faultAt('/expiresAt')} />
          {life === 'date' && <TextInput type="date" label="Until" value={day} onChange={(event) => setDay(event.currentTarget.value)} error={error?.faultAt('/expiresAt')} />}
        </Group>
        {life === 'never' && <Text size="sm" c="dimmed">It is good until somebody revokes it, or its user is removed.</Text>}
        {create.isError && !isAtField && <Alert role="alert" color="red" variant="light">{messageOf(create.error)}</Alert>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={create.isPending} disabled={life === 'date' && day === ''}>Create the key</Button>
        </Group>
      </Stack>
    </form>
  );
}
