/** Says, above the lists, that they are not the engine's own word but a snapshot's, of what age, and why. */
import { Alert, Text } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { exactText } from '../time/relative-text.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { useEnvironmentPage } from './environment-context.ts';

export function SourceNote(): React.JSX.Element | null {
  const { source, snapshot, at } = useEnvironmentPage();
  if (source.kind === 'engine' || snapshot === undefined) return null;
  if (snapshot === null) return <Alert mb="sm" color="beacon" variant="light" icon={<IconCamera aria-hidden />} title={at === undefined ? 'There is no snapshot yet' : 'There was no snapshot then, or it has expired'}>{source.why}</Alert>;
  return (
    <Alert mb="sm" color="beacon" variant="light" icon={<IconCamera aria-hidden />} title={<>Snapshot, taken {at === undefined ? <RelativeTime at={snapshot.takenAt} /> : exactText(snapshot.takenAt)}</>}>
      <Text size="sm">{source.why} What is shown is what the agent saw then; nothing can be done with it.</Text>
    </Alert>
  );
}
