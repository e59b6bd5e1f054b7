/** Users, what they may do, and where they are signed in. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useMay } from '../../session/session.ts';
import { Section } from '../section.tsx';
import { SessionsTable } from '../sessions/sessions-table.tsx';
import { UserForm } from './user-form.tsx';
import { usersQuery } from './users-query.ts';
import { UsersTable } from './users-table.tsx';

export function UsersPart(): React.JSX.Element {
  const users = useQuery(usersQuery);
  const mayChange = useMay('admin');
  const [isAdding, setAdding] = useState(false);
  if (users.isPending) return <LoadingState label="Fetching the users" />;
  if (users.isError) return <ErrorState error={users.error} onRetry={() => void users.refetch()} />;
  return (
    <>
      <Section
        title="Users"
        description="Who may sign in, and what they may do."
        actions={mayChange && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>Add a user</Button>}
      >
        <UsersTable users={users.data} />
      </Section>
      <div style={{ height: 16 }} />
      <Section title="Sessions" description="Where people are signed in now. What a session holds open ends with it.">
        <SessionsTable />
      </Section>
      <Dialog opened={isAdding} onClose={() => setAdding(false)} title="Add a user">
        <UserForm onDone={() => setAdding(false)} />
      </Dialog>
    </>
  );
}
