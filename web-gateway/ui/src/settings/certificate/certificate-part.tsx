/** The certificate of the tunnel port, which agents know by its fingerprint; its rotation, and the end of former ones. */
import { Alert, Button, Code, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useMay } from '../../session/session.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { Facts } from '../../parts/facts.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { Section } from '../section.tsx';

const KEY = ['tunnel-certificate'] as const;
const DAY = 86_400;
const LEAKED = '0';
const ACCEPTED = [
  { value: String(30 * DAY), label: 'for 30 days' },
  { value: String(7 * DAY), label: 'for 7 days' },
  { value: String(90 * DAY), label: 'for 90 days' },
  { value: String(365 * DAY), label: 'for a year' },
  { value: LEAKED, label: 'not at all: its key leaked' },
];

export function CertificatePart(): React.JSX.Element {
  const mayChange = useMay('admin');
  const client = useQueryClient();
  const certificate = useQuery({ queryKey: KEY, queryFn: () => answerOf(api.GET('/api/v1/settings/tunnel-certificate')) });
  const [isRotating, setRotating] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const retire = useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/v1/settings/tunnel-certificate/formers')),
    onSuccess(now) {
      client.setQueryData(KEY, now);
      sayDone('Former certificates are no longer accepted.');
    },
    onError: (error) => sayFailed('The former certificates could not be ended', error),
  });
  if (certificate.isPending) return <LoadingState label="Fetching the certificate" />;
  if (certificate.isError) return <ErrorState error={certificate.error} onRetry={() => void certificate.refetch()} />;
  const { fingerprint, since, formers } = certificate.data;
  return (
    <Stack>
      <Section
        title="Tunnel certificate"
        description="Agents accept this certificate on the tunnel port, and no other. Its fingerprint is in every join token."
        actions={mayChange && <Button variant="default" onClick={() => setRotating(true)}>Rotate…</Button>}
      >
        <Facts
          facts={[
            ['Fingerprint', <Code key="fingerprint" style={{ overflowWrap: 'anywhere' }}>{fingerprint}</Code>],
            ['In use since', since === null ? 'the installation began' : <RelativeTime key="since" at={since} />],
          ]}
        />
        <Group>
          <CopyButton text={fingerprint} label="Copy the fingerprint" />
        </Group>
      </Section>
      {formers.length > 0 && (
        <Section
          title="Former certificates"
          description="Agents accept these too, for a while."
          actions={mayChange && <Button variant="default" onClick={() => setQuestion({ title: 'End all former certificates?', text: 'Connected agents drop them as they are told, and whatever runs through tunnels made under them ends. Agents that are off are still led to the certificate in use when they come back.', action: 'End them', onConfirm: () => retire.mutate() })}>End them…</Button>}
        >
          <Facts facts={formers.map(({ fingerprint: former, acceptedUntil }) => [`Accepted until`, <span key={former}><RelativeTime at={acceptedUntil} /> <Code style={{ overflowWrap: 'anywhere' }}>{former}</Code></span>] as const)} />
        </Section>
      )}
      <Dialog opened={isRotating} onClose={() => setRotating(false)} title="Rotate the tunnel certificate">
        <Rotating onDone={() => setRotating(false)} />
      </Dialog>
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </Stack>
  );
}

function Rotating({ onDone }: { readonly onDone: () => void }): React.JSX.Element {
  const client = useQueryClient();
  const [accepted, setAccepted] = useState(String(30 * DAY));
  const rotate = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/settings/tunnel-certificate/rotate', { body: { formerAcceptedSeconds: Number(accepted) } })),
    async onSuccess(now) {
      client.setQueryData(KEY, now);
      sayDone('The tunnel port has a new certificate. Agents are told.');
      onDone();
      await client.invalidateQueries({ queryKey: ['environment'] });
    },
  });
  return (
    <Stack>
      <Text size="sm">The tunnel port gets a new key and certificate. Open tunnels live on. Agents are told, also those that come back later, with the join token they have: nobody has to be visited.</Text>
      <NativeSelect label="The former one is accepted" data={ACCEPTED} value={accepted} onChange={(event) => setAccepted(event.currentTarget.value)} data-autofocus />
      {accepted === LEAKED && <Alert color="red" variant="light" title="For a key that leaked">Connected agents drop the former certificate as they are told, and whatever runs through tunnels made under it ends. An agent that is off comes back by it once more: until then it is as safe as the network in between.</Alert>}
      {rotate.isError && <Alert role="alert" color="red" variant="light">{messageOf(rotate.error)}</Alert>}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>Cancel</Button>
        <Button loading={rotate.isPending} onClick={() => rotate.mutate()} {...(accepted === LEAKED ? { color: 'red.8' } : {})}>Rotate</Button>
      </Group>
    </Stack>
  );
}
