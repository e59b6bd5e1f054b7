/** Changes one's own password; the other sessions end, and this one goes on. */
import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { FormError } from '../../parts/form-error.tsx';
import { formFaults } from '../../parts/form-faults.ts';
import { sayDone } from '../../parts/say.ts';
import { whileSessionChanges } from '../../session/session-change.ts';
import { useMay, useSession } from '../../session/session.ts';
import { Section } from '../section.tsx';
import { userQuery } from '../users/users-query.ts';

export function OwnPassword(): React.JSX.Element {
  const { userId, username } = useSession();
  const client = useQueryClient();
  // Who may only read measurements is not told of accounts, not even of their own.
  const mayAsk = useMay('auditor');
  const own = useQuery({ ...userQuery(userId), enabled: mayAsk });
  const [currentPassword, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [isTwice, setTwice] = useState(true);

  const change = useMutation({
    mutationFn: () => whileSessionChanges(answerOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id: userId } }, body: { password, currentPassword } }))),
    async onSuccess() {
      setCurrent('');
      setPassword('');
      setAgain('');
      sayDone('Your password is changed, and you are signed out everywhere else.');
      await client.invalidateQueries({ predicate: ({ queryKey }) => ['users', 'sessions', 'session'].includes(String(queryKey[0])) });
    },
  });
  const faults = formFaults(change.error, ['/password', '/currentPassword']);

  if (own.data?.user.signsInBy === 'openid-connect') return <Section title="Your password"><Text size="sm">You sign in by OpenID Connect, and have no password here.</Text></Section>;
  const isFirst = own.data !== undefined && own.data.user.passwordChangedAt === own.data.user.createdAt;
  return (
    <Section title="Your password" description={isFirst ? 'It is the one that your account was made with.' : undefined}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTwice(password === again);
          if (password === again) change.mutate();
        }}
      >
        <Stack maw={420}>
          {/* For password managers. */}
          <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
          <PasswordInput label="Current password" required withAsterisk={false} autoComplete="current-password" value={currentPassword} onChange={(event) => setCurrent(event.currentTarget.value)} error={faults.at('/currentPassword')} />
          <PasswordInput label="New password" description="At least 12 characters; several words that don’t belong together are easy to remember." required withAsterisk={false} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.at('/password')} />
          <PasswordInput label="New password again" required withAsterisk={false} autoComplete="new-password" value={again} onChange={(event) => setAgain(event.currentTarget.value)} error={isTwice ? undefined : 'this is not the same'} />
          <FormError says={faults.elsewhere} />
          <Group>
            <Button type="submit" loading={change.isPending} disabled={currentPassword === '' || password === ''}>Change the password</Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
