/** An environment's join token, explained part by part. Its secret is hidden until it is asked for. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CopyButton } from '../parts/copy-button.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { deploymentQuery } from './deployment-query.ts';
import { joinTokenParts } from './join-token-parts.ts';
import classes from './join-token.module.css';

const HIDDEN = '••••••••••••';

export function JoinToken({ environmentId }: { readonly environmentId: string }): React.JSX.Element {
  const deployment = useQuery(deploymentQuery(environmentId));
  const [isShown, setShown] = useState(false);
  if (deployment.isPending) return <LoadingState label="Fetching the join token" />;
  if (deployment.isError) return <ErrorState error={deployment.error} title="The join token could not be fetched" onRetry={() => void deployment.refetch()} />;
  const { joinToken, edgeId } = deployment.data;
  const parts = joinTokenParts(joinToken);
  return (
    <Stack gap="sm">
      <dl className={classes['parts']}>
        {parts !== undefined && (
          <>
            <Part name="API" value={parts.apiUrl} says="Where the agent polls." />
            <Part name="Tunnel" value={parts.tunnelAddress} says="Where it opens a tunnel when it is required." />
            <Part name="Fingerprint" value={parts.tunnelFingerprint} says="The tunnel’s certificate that the agent accepts, and no other: nobody between can pose as this server." />
            <Part name="Environment and secret" value={`${parts.environmentId}.${isShown ? parts.joinSecret : HIDDEN}`} says="Which environment it joins, and the proof that it may. Who has the secret can answer for the environment; it can be rotated." />
          </>
        )}
        <Part name="Edge ID" value={edgeId} says="Not a part of the token: it says which agent this is (EDGE_ID)." />
      </dl>
      <Group gap="xs">
        <CopyButton text={joinToken} label="Copy the join token" />
        <Button size="xs" variant="default" aria-pressed={isShown} onClick={() => setShown(!isShown)} leftSection={isShown ? <IconEyeOff size={14} aria-hidden /> : <IconEye size={14} aria-hidden />}>
          {isShown ? 'Hide the secret' : 'Show the secret'}
        </Button>
      </Group>
    </Stack>
  );
}

function Part({ name, value, says }: { readonly name: string; readonly value: string; readonly says: string }): React.JSX.Element {
  return (
    <div className={classes['part']}>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
        <Text size="xs" c="dimmed">{says}</Text>
      </dd>
    </div>
  );
}
