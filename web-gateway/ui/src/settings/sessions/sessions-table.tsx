/** Where people are signed in; and ending a session, one's own or, for an admin, anybody's. */
import { Button, Text, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { allPages, PAGE } from '../../api/all-pages.ts';
import { answerOf, api } from '../../api/client.ts';
import type { ListedAnswer } from '../../api/answer.ts';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useMay, useSession } from '../../session/session.ts';
import { useSignOut } from '../../session/sign-out.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';

type ListedSession = ListedAnswer<'/api/v1/sessions'>;

const SESSIONS = ['sessions'] as const;
const helper = columnsOf<ListedSession>();
const USER = helper.accessor('username', { header: 'User' });
const REST = [
  helper.accessor('address', { header: 'From', cell: ({ row: { original } }) => <>{original.address}{original.isCurrent && <Text span size="xs" c="dimmed" ml={6}>this one</Text>}</> }),
  helper.accessor(({ method }) => (method === 'password' ? 'Password' : 'OpenID Connect'), { id: 'method', header: 'By' }),
  helper.accessor('createdAt', { header: 'Since', cell: ({ row }) => <RelativeTime at={row.original.createdAt} /> }),
  helper.accessor('lastUsedAt', { header: 'Last used', cell: ({ row }) => <RelativeTime at={row.original.lastUsedAt} /> }),
  helper.accessor('expiresAt', { header: 'Ends', cell: ({ row }) => <RelativeTime at={row.original.expiresAt} /> }),
];

/** @param isOwn shows one's own alone */
export function SessionsTable({ isOwn = false }: { readonly isOwn?: boolean }): React.JSX.Element {
  const client = useQueryClient();
  const { userId } = useSession();
  const isAdmin = useMay('admin');
  const signOut = useSignOut();
  const sessions = useQuery({ queryKey: SESSIONS, queryFn: () => allPages((cursor) => answerOf(api.GET('/api/v1/sessions', { params: { query: { limit: PAGE, ...cursor } } }))) });
  const { mutate: end } = useMutation({
    mutationFn: async (session: ListedSession) => {
      if (session.isCurrent) return signOut();
      await answerOf(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id: session.id } } }));
    },
    async onSuccess(_, { isCurrent, username }) {
      if (isCurrent) return;
      sayDone(`A session of ${username} has ended.`);
      await client.invalidateQueries({ queryKey: SESSIONS });
    },
    onError: (error) => sayFailed('The session could not be ended', error),
  });
  const columns = useMemo(() => {
    const actions = helper.display({
      id: 'actions',
      header: () => <VisuallyHidden>Actions</VisuallyHidden>,
      cell: ({ row: { original: session } }) =>
        (isAdmin || session.userId === userId) && (
          <Button size="compact-sm" variant="default" onClick={() => end(session)} aria-label={session.isCurrent ? 'Sign out here' : `End the session of ${session.username} from ${session.address}`}>
            {session.isCurrent ? 'Sign out' : 'End'}
          </Button>
        ),
    });
    return [...(isOwn ? [] : [USER]), ...REST, actions] as readonly DataColumn<ListedSession>[];
  }, [isOwn, isAdmin, userId, end]);
  const rows = useMemo(() => (sessions.data ?? []).filter((session) => !isOwn || session.userId === userId), [sessions.data, isOwn, userId]);
  if (sessions.isPending) return <LoadingState label="Fetching the sessions" />;
  if (sessions.isError) return <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return <DataTable label={isOwn ? 'Your sessions' : 'Sessions'} columns={columns} rows={rows} rowId={({ id }) => id} initialSorting={[{ id: 'createdAt', desc: true }]} {...(rows.length > 12 ? { height: '480px' } : {})} />;
}
