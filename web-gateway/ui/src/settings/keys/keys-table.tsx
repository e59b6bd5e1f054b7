/** The API keys that one may know of, and the end of those that one may end. */
import { Button, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { allPages, PAGE } from '../../api/all-pages.ts';
import { answerOf, api } from '../../api/client.ts';
import type { ListedAnswer } from '../../api/answer.ts';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.tsx';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useMay, useSession } from '../../session/session.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { LastUse } from '../last-use.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { roleLabel } from '../users/users-query.ts';

type ApiKey = ListedAnswer<'/api/v1/api-keys'>;

export const KEYS = ['api-keys'] as const;
const helper = columnsOf<ApiKey>();
const USER = helper.accessor('username', { header: 'User' });
const NAME = helper.accessor('name', { header: 'Name' });
const REST = [
  helper.accessor(({ role }) => roleLabel(role), { id: 'role', header: 'Role' }),
  helper.accessor('createdAt', { header: 'Created', cell: ({ row }) => <RelativeTime at={row.original.createdAt} /> }),
  helper.accessor(({ expiresAt }) => expiresAt ?? '9999', { id: 'expiresAt', header: 'Ends', cell: ({ row }) => <RelativeTime at={row.original.expiresAt} fallback="never" /> }),
  helper.accessor(({ lastUsedAt }) => lastUsedAt ?? '', { id: 'lastUsedAt', header: 'Last used', cell: ({ row }) => <LastUse at={row.original.lastUsedAt} createdAt={row.original.createdAt} /> }),
];

export function KeysTable({ isOwn }: { readonly isOwn: boolean }): React.JSX.Element {
  const client = useQueryClient();
  const { username } = useSession();
  const isAdmin = useMay('admin');
  const keys = useQuery({ queryKey: KEYS, queryFn: () => allPages((cursor) => answerOf(api.GET('/api/v1/api-keys', { params: { query: { limit: PAGE, ...cursor } } }))) });
  const [question, setQuestion] = useState<Question | null>(null);
  const { mutate: revoke } = useMutation({
    mutationFn: ({ id }: ApiKey) => answerOf(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } })),
    async onSuccess(_, { name }) {
      sayDone(`The key ${name} is revoked.`);
      await client.invalidateQueries({ queryKey: KEYS });
    },
    onError: (error, { name }) => sayFailed(`The key ${name} could not be revoked`, error),
  });
  const columns = useMemo(() => {
    const actions = helper.display({
      id: 'actions',
      header: () => <VisuallyHidden>Actions</VisuallyHidden>,
      cell: ({ row: { original: key } }) =>
        (isAdmin || key.username === username) && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Revoke ${key.name}`}
            onClick={() => setQuestion({ title: `Revoke the key ${key.name}?`, text: 'Whatever uses it is refused from now on, and what it holds open ends. This cannot be undone.', action: 'Revoke', onConfirm: () => revoke(key) })}
          >
            Revoke
          </Button>
        ),
    });
    return [NAME, ...(isOwn ? [] : [USER]), ...REST, actions] as readonly DataColumn<ApiKey>[];
  }, [isOwn, isAdmin, username, revoke]);
  const rows = useMemo(() => (keys.data ?? []).filter((key) => !isOwn || key.username === username), [keys.data, isOwn, username]);
  if (keys.isPending) return <LoadingState label="Fetching the keys" />;
  if (keys.isError) return <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />;
  return (
    <>
      <DataTable
        label={isOwn ? 'Your API keys' : 'API keys'}
        columns={columns}
        rows={rows}
        rowId={({ id }) => id}
        initialSorting={[{ id: 'createdAt', desc: true }]}
        empty={<EmptyState title="There is no key yet">homeport login makes one by itself; for scripts create one here.</EmptyState>}
      />
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </>
  );
}
