/** Pulls an image, and shows how far each layer is. */
import { Alert, Button, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { messageOf } from '../../api/api-error.ts';
import { bytesText } from '../../parts/bytes-text.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { sayDone } from '../../parts/say.ts';
import { engineKey } from '../engine/use-rows.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { pullImage, type LayerProgress, type PullProgress } from './pull-progress.ts';

export function PullImage(): React.JSX.Element {
  const { whyNoActions } = useEnvironmentPage();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" leftSection={<IconDownload size={16} aria-hidden />} disabled={whyNoActions !== null} title={whyNoActions ?? undefined} onClick={() => setOpen(true)}>Pull an image</Button>
      <Dialog opened={isOpen} onClose={() => setOpen(false)} title="Pull an image" size="lg">
        <PullForm onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function PullForm({ onClose }: { readonly onClose: () => void }): React.JSX.Element {
  const { environment, node } = useEnvironmentPage();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [progress, setProgress] = useState<PullProgress | null>(null);
  const aborter = useRef<AbortController>(undefined);
  useEffect(() => () => aborter.current?.abort(), []);
  const pull = useMutation({
    mutationFn: () => {
      aborter.current = new AbortController();
      setProgress(null);
      return pullImage(environment.id, node, name, aborter.current.signal, setProgress);
    },
    async onSuccess() {
      await client.invalidateQueries({ queryKey: engineKey(environment.id, node, 'images') });
      sayDone(`${name.trim()} is pulled.`);
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        pull.mutate();
      }}
    >
      <Stack>
        <TextInput label="Image" description="Such as nginx:1.27 or registry.example.com/team/app@sha256:…; the engine pulls it itself, with what it knows of registries." value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} disabled={pull.isPending} data-autofocus />
        {pull.isError && pull.error.name !== 'AbortError' && <Alert role="alert" color="red" variant="light" title="It could not be pulled">{messageOf(pull.error)}</Alert>}
        {pull.isPending && <Text size="sm" role="status">{progress?.status === undefined || progress.status === '' ? 'Asking the registry…' : progress.status}</Text>}
        {pull.isPending && progress !== null && (
          <Stack gap={6} mah={320} style={{ overflow: 'auto' }} tabIndex={0} role="group" aria-label="Layers">
            {progress.layers.map((layer) => <Layer key={layer.id} layer={layer} />)}
          </Stack>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => (pull.isPending ? aborter.current?.abort() : onClose())}>{pull.isPending ? 'Stop' : 'Cancel'}</Button>
          <Button type="submit" loading={pull.isPending} disabled={name.trim() === ''}>Pull</Button>
        </Group>
      </Stack>
    </form>
  );
}

function Layer({ layer: { id, status, current, total } }: { readonly layer: LayerProgress }): React.JSX.Element {
  const isDone = /complete|exists/i.test(status);
  const percent = isDone ? 100 : current !== null && total !== null && total > 0 ? (100 * current) / total : 0;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="xs" ff="monospace">{id}</Text>
        <Text size="xs" c="dimmed">{status}{current !== null && total !== null && !isDone ? ` ${bytesText(current)} of ${bytesText(total)}` : ''}</Text>
      </Group>
      <Progress value={percent} size="sm" aria-label={`Layer ${id}`} />
    </div>
  );
}
