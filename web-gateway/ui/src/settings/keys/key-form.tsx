/** Creates an API key, and shows its secret this once. */
import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { useIdempotencyKey } from '../../api/use-idempotency-key.ts';
import { CommandText } from '../../parts/command-text.tsx';
import { FormError } from '../../parts/form-error.tsx';
import { formFaults } from '../../parts/form-faults.ts';
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
  const roles = ROLES.filter(({ value }) => RANK[value] <= RANK[own]);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(roles.find(({ value }) => value === 'auditor')?.value ?? 'metrics');
  const [life, setLife] = useState('90');
  const [day, setDay] = useState('');
  // The same for each attempt: one whose answer was lost is to make the same key.
  const [begunMs] = useState(serverNow);
  const keyOf = useIdempotencyKey();

  const create = useMutation({
    mutationFn: () => {
      const until = life === 'date' ? Date.parse(`${day}T00:00:00`) : begunMs + Number(life) * DAY_MS;
      const expiresAt = Number.isNaN(until) ? null : new Date(until).toISOString();
      const body = { name, role, expiresAt };
      return answerOf(api.POST('/api/v1/api-keys', { body, params: { header: { 'idempotency-key': keyOf(body) } } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS }),
  });

  if (create.data !== undefined) {
    return (
      <Stack>
        <Alert color="beacon" variant="light" title="Copy it now">It is shown this once, and kept nowhere.</Alert>
        <CommandText text={create.data.secret} label={`The key ${create.data.name}`} copyLabel="Copy the key" isWrapped />
        <Group justify="flex-end">
          <Button onClick={onDone}>Done</Button>
        </Group>
      </Stack>
    );
  }
  const faults = formFaults(create.error, ['/name', '/role', '/expiresAt']);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput label="Name" description="What it is for." placeholder="monitoring" data-autofocus required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={faults.at('/name')} />
        <NativeSelect label="Role" description={ROLES.find(({ value }) => value === role)?.says} data={roles.map(({ value, label }) => ({ value, label }))} value={role} onChange={(event) => setRole(roles.find(({ value }) => value === event.currentTarget.value)?.value ?? role)} error={faults.at('/role')} />
        <Group gap="xs" align="flex-start">
          <NativeSelect label="Good for" data={LIVES} value={life} onChange={(event) => setLife(event.currentTarget.value)} error={life === 'date' ? undefined : faults.at('/expiresAt')} />
          {life === 'date' && <TextInput type="date" label="Until" value={day} onChange={(event) => setDay(event.currentTarget.value)} error={faults.at('/expiresAt')} />}
        </Group>
        {life === 'never' && <Text size="sm" c="dimmed">It is good until somebody revokes it, or its user is removed.</Text>}
        <FormError says={faults.elsewhere} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>Cancel</Button>
          <Button type="submit" loading={create.isPending} disabled={life === 'date' && day === ''}>Create the key</Button>
        </Group>
      </Stack>
    </form>
  );
}
