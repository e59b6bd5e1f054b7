/** The users, and what an admin can do with each. */
import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.tsx';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useMay, useSession } from '../../session/session.ts';
import { LastUse } from '../last-use.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { PasswordForm } from './password-form.tsx';
import { UserForm } from './user-form.tsx';
import { grantsText, roleLabel, userQuery, usersQuery, type User } from './users-query.ts';

type Task = { readonly kind: 'role' | 'password'; readonly user: User };

const helper = columnsOf<User>();
const COLUMNS = [
  helper.accessor('username', { header: 'Username', cell: ({ row }) => <Text span fw={500} size="sm">{row.original.username}</Text> }),
  helper.accessor(({ role }) => roleLabel(role), { id: 'role', header: 'Role' }),
  helper.accessor(({ role, grants }) => grantsText(role, grants), { id: 'reach', header: 'Reaches', cell: ({ getValue }) => <span style={{ display: 'inline-block', maxWidth: 260, whiteSpace: 'normal' }}>{getValue()}</span> }),
  helper.accessor(({ signsInBy }) => (signsInBy === 'password' ? 'Password' : 'OpenID Connect'), { id: 'signsInBy', header: 'Signs in by' }),
  helper.accessor(({ lastSignedInAt }) => lastSignedInAt ?? '', { id: 'lastSignedInAt', header: 'Last sign-in', cell: ({ row }) => <LastUse at={row.original.lastSignedInAt} createdAt={row.original.createdAt} /> }),
] as readonly DataColumn<User>[];

export function UsersTable({ users }: { readonly users: readonly User[] }): React.JSX.Element {
  const mayChange = useMay('admin');
  const { userId } = useSession();
  const client = useQueryClient();
  const [task, setTask] = useState<Task>();
  const [question, setQuestion] = useState<Question | null>(null);
  const { mutate: remove } = useMutation({
    mutationFn: (user: User) => answerOf(api.DELETE('/api/v1/users/{id}', { params: { path: { id: user.id } } })),
    async onSuccess(_, { username }) {
      sayDone(`${username} is removed.`);
      await client.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
    onError: (error, { username }) => sayFailed(`${username} could not be removed`, error),
  });
  const columns = useMemo(() => {
    if (!mayChange) return COLUMNS;
    const actions = helper.display({
      id: 'actions',
      header: () => <VisuallyHidden>Actions</VisuallyHidden>,
      cell: ({ row: { original: user } }) => (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${user.username}`}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setTask({ kind: 'role', user })}>Change role and grants</Menu.Item>
            {user.signsInBy === 'password' && user.id !== userId && <Menu.Item onClick={() => setTask({ kind: 'password', user })}>Set a password</Menu.Item>}
            {user.id !== userId && (
              <Menu.Item
                color="red"
                onClick={() => setQuestion({ title: `Remove ${user.username}?`, text: 'Their sessions and API keys end at once. What they did stays in the record.', action: 'Remove', onConfirm: () => remove(user) })}
              >
                Remove
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      ),
    });
    return [...COLUMNS, actions] as readonly DataColumn<User>[];
  }, [mayChange, userId, remove]);

  return (
    <>
      <DataTable label="Users" columns={columns} rows={users} rowId={({ id }) => id} initialSorting={[{ id: 'username', desc: false }]} />
      <Dialog opened={task !== undefined} onClose={() => setTask(undefined)} title={task === undefined ? '' : task.kind === 'role' ? `Change ${task.user.username}` : `Set a password for ${task.user.username}`}>
        {task?.kind === 'role' && <Changing user={task.user} onDone={() => setTask(undefined)} />}
        {task?.kind === 'password' && <PasswordForm user={task.user} onDone={() => setTask(undefined)} />}
      </Dialog>
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </>
  );
}

/** The form, on what the server says of the user now. */
function Changing({ user: { id }, onDone }: { readonly user: User; readonly onDone: () => void }): React.JSX.Element {
  const tagged = useQuery({ ...userQuery(id), staleTime: 0 });
  if (tagged.isPending) return <LoadingState />;
  if (tagged.isError) return <ErrorState error={tagged.error} onRetry={() => void tagged.refetch()} />;
  return <UserForm key={tagged.data.tag} existing={tagged.data} onDone={onDone} />;
}
