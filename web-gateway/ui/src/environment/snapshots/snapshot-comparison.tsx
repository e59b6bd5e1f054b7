/** Two snapshots, and what was added, removed and changed between them. */
import { Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCircleMinus, IconCirclePlus, IconPencil } from '@tabler/icons-react';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { ToneWord } from '../../parts/status-word.tsx';
import { exactText } from '../../time/relative-text.ts';
import { latestSnapshotQuery, type SnapshotItem } from '../environment-queries.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from '../overview/card.tsx';
import { compareSnapshots, type Difference, type SectionDifferences } from './compare-snapshots.ts';

export function SnapshotComparison({ before, after }: { readonly before: SnapshotItem; readonly after: SnapshotItem }): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  const was = useQuery(latestSnapshotQuery(environment.id, before.node ?? undefined, before.recordedAt));
  const is = useQuery(latestSnapshotQuery(environment.id, after.node ?? undefined, after.recordedAt));
  const error = was.error ?? is.error;
  if (error !== null) return <ErrorState error={error} onRetry={() => void Promise.all([was.refetch(), is.refetch()])} />;
  if (was.data === undefined || is.data === undefined) return <LoadingState label="Comparing" />;
  if (was.data === null || is.data === null) return <EmptyState title="One of the two has expired" />;
  const found = compareSnapshots(was.data.snapshot, is.data.snapshot).filter(({ differences }) => differences.length > 0);
  return (
    <Card title="What changed">
      <Text size="sm" c="dimmed" mb="sm">From {exactText(before.recordedAt)} to {exactText(after.recordedAt)}{before.recordedAt > after.recordedAt ? '. Note that “before” is the later one.' : '.'}</Text>
      {found.length === 0 ? <EmptyState title="Nothing differs" /> : <Stack gap="md">{found.map((section) => <Section key={section.section} section={section} />)}</Stack>}
    </Card>
  );
}

function Section({ section: { section, differences, isPartial } }: { readonly section: SectionDifferences }): React.JSX.Element {
  return (
    <section aria-label={section}>
      <Group gap="xs" mb={4}>
        <Title order={3} fz="sm">{section}</Title>
        <Text size="xs" c="dimmed">{summary(differences)}</Text>
      </Group>
      {isPartial && <Text size="xs" c="dimmed" mb={4}>One of the two had no room for everything: some may only seem added or removed.</Text>}
      <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={`Changes of ${section}`}>
        <Table miw={560} aria-label={section}>
          <Table.Tbody>
            {differences.map((difference) => (
              <Table.Tr key={difference.name} data-difference={difference.kind}>
                <Table.Td w={120} style={{ verticalAlign: 'top' }} fz="sm"><KindWord kind={difference.kind} /></Table.Td>
                <Table.Td w={240} style={{ verticalAlign: 'top' }}><Text size="sm" fw={600}>{difference.name}</Text></Table.Td>
                <Table.Td>
                  {difference.fields.map(({ field, before, after }) => (
                    <Text key={field} size="sm" component="div"><Text span inherit c="dimmed">{field}: </Text><del>{before}</del> → <ins style={{ textDecoration: 'none', fontWeight: 600 }}>{after}</ins></Text>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

function KindWord({ kind }: { readonly kind: Difference['kind'] }): React.JSX.Element {
  switch (kind) {
    case 'added':
      return <ToneWord word="Added" tone="good" icon={IconCirclePlus} />;
    case 'removed':
      return <ToneWord word="Removed" tone="bad" icon={IconCircleMinus} />;
    case 'changed':
      return <ToneWord word="Changed" tone="warning" icon={IconPencil} />;
  }
}

function summary(differences: readonly Difference[]): string {
  const count = (wanted: Difference['kind']): number => differences.filter(({ kind }) => kind === wanted).length;
  return (['added', 'removed', 'changed'] as const).flatMap((kind) => (count(kind) === 0 ? [] : [`${count(kind)} ${kind}`])).join(', ');
}
