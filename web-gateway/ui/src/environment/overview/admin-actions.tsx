/** What an admin seldom does: another join token, disassociating the agent, allowing an Edge ID again, removing the environment. */
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.tsx';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';

export function AdminActions(): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  const { id, name, edgeId, barredEdgeIds } = environment;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [question, setQuestion] = useState<Question | null>(null);
  const path = { id };
  const again = (): Promise<void> => client.invalidateQueries({ queryKey: ['environment', id] });

  const rotate = useMutation({ mutationFn: () => answerOf(api.POST('/api/v1/environments/{id}/rotate-token', { params: { path } })), onSuccess: again, onError: (error) => sayFailed(`The join token of ${name} could not be rotated`, error) });
  const disassociate = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/environments/{id}/disassociate', { params: { path } })),
    onSuccess: async () => {
      sayDone(`${name} is disassociated from its agent.`);
      await again();
    },
    onError: (error) => sayFailed(`${name} could not be disassociated`, error),
  });
  const allow = useMutation({
    mutationFn: (barred: string) => answerOf(api.DELETE('/api/v1/environments/{id}/barred-edge-ids/{edgeId}', { params: { path: { id, edgeId: barred } } })),
    async onSuccess(_, barred) {
      sayDone(`The Edge ID ${barred} may join again.`);
      await again();
    },
    onError: (error) => sayFailed('The Edge ID could not be allowed again', error),
  });
  const remove = useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/v1/environments/{id}', { params: { path } })),
    onSuccess: async () => {
      sayDone(`${name} is removed.`);
      await navigate({ to: '/' });
    },
    onError: (error) => sayFailed(`${name} could not be removed`, error),
  });

  return (
    <Card title="Administration">
      <Stack gap="md">
        <Row text="Makes every join token printed so far useless; agents that have one are refused until they get the new one.">
          <Button size="xs" variant="default" loading={rotate.isPending} onClick={() => setQuestion({ title: `Rotate the join token of ${name}?`, text: 'Its agents are cut off at once, and come back only with the new token.', action: 'Rotate token', onConfirm: () => rotate.mutate() })}>Rotate token</Button>
        </Row>
        {rotate.data !== undefined && (
          <Alert color="harbour" variant="light" title="The new join token">
            <Stack gap="xs" align="flex-start">
              <Code block style={{ whiteSpace: 'pre-wrap', wordBreak: 'break-all' }}>{rotate.data.joinToken}</Code>
              <CopyButton text={rotate.data.joinToken} label="Copy the join token" />
            </Stack>
          </Alert>
        )}
        <Row text="Disassociates the agent: ends its tunnel, and bars its Edge ID. Another agent may join with a new one.">
          <Button size="xs" variant="default" disabled={edgeId === null} loading={disassociate.isPending} onClick={() => setQuestion({ title: `Disassociate ${name}?`, text: 'Its agent is turned away until its Edge ID is allowed again; what was known of its agents is forgotten.', action: 'Disassociate', onConfirm: () => disassociate.mutate() })}>Disassociate</Button>
        </Row>
        {barredEdgeIds.map((barred) => (
          <Row key={barred} text={<>Barred Edge ID <Code>{barred}</Code></>}>
            <Button size="xs" variant="default" loading={allow.isPending} onClick={() => allow.mutate(barred)} aria-label={`Allow ${barred} again`}>Allow again</Button>
          </Row>
        ))}
        <Row text="Its agents are refused for ever. Its record stays, for auditors.">
          <Button size="xs" color="red.8" variant="filled" loading={remove.isPending} onClick={() => setQuestion({ title: `Remove the environment ${name}?`, text: 'This cannot be undone. Nothing is changed on the machine itself.', action: 'Remove', typed: name, onConfirm: () => remove.mutate() })}>Remove environment</Button>
        </Row>
      </Stack>
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </Card>
  );
}

function Row({ text, children }: { readonly text: React.ReactNode; readonly children: React.ReactNode }): React.JSX.Element {
  return (
    <Group justify="space-between" gap="sm">
      <Text component="div" size="sm" c="dimmed" flex="1 1 260px">{text}</Text>
      {children}
    </Group>
  );
}
