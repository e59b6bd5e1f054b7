/** What an environment is called and found by, and by which identity its agent joins. */
import { Badge, Button, Code, Group, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';
import { EditEnvironment } from './edit-environment.tsx';

/** @param entityTag null where it may not be changed */
export function DetailsCard({ entityTag }: { readonly entityTag: string | null }): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  const [isEditing, setEditing] = useState(false);
  const { id, name, tags, address, tunnelAddress, edgeId, issuedEdgeId } = environment;
  return (
    <Card title="Details" actions={entityTag === null ? undefined : <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => setEditing(true)}>Edit</Button>}>
      <Facts
        facts={[
          ['Name', name],
          ['Tags', tags.length === 0 ? <Text key="none" span inherit c="dimmed">none</Text> : <Group key="tags" gap={6}>{tags.map((tag) => <Badge key={tag} variant="default" tt="none" fw={500}>{tag}</Badge>)}</Group>],
          ['Address', <Code key="address">{address}</Code>],
          ['Tunnel address', <Code key="tunnel">{tunnelAddress}</Code>],
          ['Edge ID', edgeId === null ? <Text key="none" span inherit c="dimmed">none associated</Text> : <Group key="edge" gap="xs"><Code>{edgeId}</Code><CopyButton text={edgeId} label="Copy" /></Group>],
          ...(edgeId === issuedEdgeId ? [] : [['Issued Edge ID', <Code key="issued">{issuedEdgeId}</Code>] as const]),
          ['Environment ID', <Code key="id">{id}</Code>],
        ]}
      />
      <Dialog opened={isEditing && entityTag !== null} onClose={() => setEditing(false)} title={`Edit ${name}`} size="lg">
        {entityTag !== null && <EditEnvironment entityTag={entityTag} onClose={() => setEditing(false)} />}
      </Dialog>
    </Card>
  );
}
