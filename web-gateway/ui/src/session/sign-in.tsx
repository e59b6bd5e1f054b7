/** Signing in, in place of the page that was asked for: that page comes when it is done. */
import { Alert, Anchor, Button, Center, Divider, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/api-error.ts';
import { answerOf, api } from '../api/client.ts';
import { Mark } from '../shell/mark.tsx';
import { forgetAnswers } from './forget-answers.ts';
import { sessionQuery } from './session.ts';

/** @param hasEnded whether somebody was here, whose session is over. */
export function SignIn({ hasEnded }: { readonly hasEnded: boolean }): React.JSX.Element {
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const provider = useQuery({ queryKey: ['oidc'], queryFn: () => answerOf(api.GET('/api/v1/oidc')) });
  const signIn = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/sessions', { body: { username, password } })),
    onSuccess(session) {
      // What was refused to nobody, or kept for somebody else, is asked for anew.
      forgetAnswers(client);
      client.setQueryData(sessionQuery.queryKey, session);
    },
    onError: () => setPassword(''),
  });
  const signInPath = provider.data?.signInPath ?? null;

  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
          }}
        >
          <Stack>
            <Mark size={44} />
            <div>
              <Title order={1}>Sign in to Homeport</Title>
              <Text c="dimmed" size="sm">{location.host}</Text>
            </div>
            {hasEnded && <Alert color="beacon" title="Your session has ended">Sign in again to go on where you were.</Alert>}
            <TextInput label="Username" withAsterisk={false} autoComplete="username" autoCapitalize="none" autoFocus required value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
            <PasswordInput label="Password" withAsterisk={false} autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
            {signIn.isError && <Alert role="alert" color="red" variant="light">{messageOf(signIn.error)}</Alert>}
            <Button type="submit" loading={signIn.isPending}>Sign in</Button>
            {signInPath !== null && (
              <>
                <Divider label="or" />
                <Button component="a" variant="default" href={`${signInPath}?returnTo=${encodeURIComponent(location.pathname + location.search)}`}>Sign in with {hostOf(provider.data?.issuer)}</Button>
              </>
            )}
            <details>
              <Anchor component="summary" size="sm">First time here?</Anchor>
              <Text size="sm" c="dimmed" mt="xs">
                The server made an account named <b>admin</b> on its first start. Its password was printed then, and stands in the file initial-admin-password in the data directory until it is changed. Lost it? On the server’s machine: <code>homeport user set-password admin</code>
              </Text>
            </details>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

function hostOf(issuer: string | null | undefined): string {
  return issuer === null || issuer === undefined ? 'OpenID Connect' : new URL(issuer).host;
}
