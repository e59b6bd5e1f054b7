/** The newest checkpoint: what it says, and whether its signature is good. */
import { Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { CopyButton } from '../parts/copy-button.tsx';
import { FactList } from '../parts/fact-list.tsx';
import { saveFile } from '../parts/save-file.ts';
import { ToneWord } from '../parts/status-word.tsx';
import { useReachesAll } from '../session/session.ts';
import { exactText } from '../time/relative-text.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { isSignatureGood, keyFingerprint, type Checkpoint } from './checkpoint.ts';

export function LatestCheckpoint({ checkpoint }: { readonly checkpoint: Checkpoint }): React.JSX.Element {
  const { at, controlPlaneNode, position, events, chain, publicKey, signature } = checkpoint;
  const reachesAll = useReachesAll();
  const fingerprint = useQuery({ queryKey: ['key-fingerprint', publicKey], staleTime: Number.POSITIVE_INFINITY, queryFn: () => keyFingerprint(publicKey) });
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="latest-checkpoint" bg="var(--homeport-surface)">
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} id="latest-checkpoint">Latest checkpoint, <RelativeTime at={at} /></Title>
          <SignatureWord checkpoint={checkpoint} />
        </Group>
        <Text size="sm">
          At {exactText(at)} the record ended at position {position}, after {events.toLocaleString()} events, and its chain was as below.
        </Text>
        <FactList
          facts={[
            ['Position', position],
            ['Events', events.toLocaleString()],
            ['Chain (root)', <code key="chain">{chain}</code>],
            ['Signature', <code key="signature">{signature}</code>],
            ['Signed by node', controlPlaneNode],
            ['Public key', <code key="key">{publicKey}</code>],
            ['Key’s fingerprint', <code key="fingerprint">{fingerprint.data ?? '…'}</code>],
          ]}
        />
        <Group gap="xs">
          <CopyButton text={JSON.stringify(checkpoint, null, 2)} label="Copy as JSON" />
          <CopyButton text={publicKey} label="Copy the public key" />
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={() => saveFile(`homeport-checkpoint-${position}.json`, 'application/json', `${JSON.stringify(checkpoint)}\n`)}>Download this checkpoint</Button>
          {reachesAll && <Anchor size="sm" href="/api/v1/events/export?stream=checkpoints" download="homeport-checkpoints.ndjson">Download all checkpoints</Anchor>}
        </Group>
      </Stack>
    </Paper>
  );
}

/** Checked here, by the browser: that it is this key's, and not that the record is what it was. */
function SignatureWord({ checkpoint }: { readonly checkpoint: Checkpoint }): React.JSX.Element {
  const { data, isPending } = useQuery({
    queryKey: ['signature', checkpoint.signature, checkpoint.position],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await isSignatureGood(checkpoint)) ?? 'unknown',
  });
  return (
    <Text span size="sm" role="status">
      {isPending ? '' : data === true ? <ToneWord word="Signature checked: good" tone="good" icon={IconCircleCheck} /> : data === false ? <ToneWord word="Signature is not this key’s" tone="bad" icon={IconCircleX} /> : <ToneWord word="This browser cannot check signatures" tone="warning" icon={IconAlertTriangle} />}
    </Text>
  );
}
