/** Proof that the record was not altered: signed checkpoints, what they prove, and how to verify it. */
import { Button, Stack, Title } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { isCode } from '../api/api-error.ts';
import { answerOf, api } from '../api/client.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { sayDone, sayFailed } from '../parts/say.ts';
import { useMay } from '../session/session.ts';
import { CheckpointList } from './checkpoint-list.tsx';
import { checkpointsQuery } from './checkpoint.ts';
import { HowToVerify } from './how-to-verify.tsx';
import { LatestCheckpoint } from './latest-checkpoint.tsx';
import { WhatItProves } from './what-it-proves.tsx';

export function ProofScreen(): React.JSX.Element {
  const query = useInfiniteQuery(checkpointsQuery);
  const checkpoints = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const [latest] = checkpoints;
  const isKept = !isCode(query.error, 'checkpoints-not-kept');

  return (
    <>
      <PageHeader title="Proof" description="The record is a chain, and where it stands is signed: so that nobody can alter it unseen." actions={isKept && <SignNow last={latest?.signature} />} />
      {query.isPending && <LoadingState label="Loading the checkpoints" />}
      {!isKept && <EmptyState title="This store keeps no checkpoints">They are a proof of the embedded store. Over EventStoreDB there are none: such a server keeps no chain.</EmptyState>}
      {isKept && query.isError && latest === undefined && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <Stack gap="lg">
          {latest === undefined ? <EmptyState title="No checkpoint was signed yet">One is signed every hour in which anything is recorded, and when the server stops.</EmptyState> : <LatestCheckpoint checkpoint={latest} />}
          <WhatItProves />
          <HowToVerify publicKey={latest?.publicKey} />
          {latest !== undefined && (
            <section aria-labelledby="all-checkpoints">
              <Title order={2} mb="xs" id="all-checkpoints">All checkpoints</Title>
              <CheckpointList checkpoints={checkpoints} total={query.data.pages[0]?.total ?? checkpoints.length} onOlder={query.hasNextPage ? () => void query.fetchNextPage() : undefined} isLoading={query.isFetchingNextPage} />
            </section>
          )}
        </Stack>
      )}
    </>
  );
}

/** @param last the signature of the newest one known here */
function SignNow({ last }: { readonly last: string | undefined }): React.JSX.Element | null {
  const client = useQueryClient();
  const maySign = useMay('admin');
  const sign = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/checkpoints')),
    async onSuccess({ signature, position }) {
      await client.invalidateQueries({ queryKey: checkpointsQuery.queryKey });
      if (signature === last) sayDone(`Nothing was recorded since the last checkpoint: it covers all there is, up to position ${position}.`);
      else sayDone(`Checkpoint signed. It covers the record up to position ${position}.`);
    },
    onError: (error) => sayFailed('No checkpoint could be signed', error),
  });
  if (!maySign) return null;
  return (
    <Button leftSection={<IconSignature size={16} aria-hidden />} loading={sign.isPending} onClick={() => sign.mutate()}>Sign a checkpoint now</Button>
  );
}
