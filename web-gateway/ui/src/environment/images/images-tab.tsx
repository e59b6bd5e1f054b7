/** The images of an engine: what there is, pulling more, removing some. */
import { Code, Stack, Text } from '@mantine/core';
import { columnsOf, type DataColumn } from '../../parts/data-columns.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import type { ImageRow } from '../engine/engine-rows.ts';
import { bytesText } from '../../parts/bytes-text.ts';
import { RemoveAction } from '../tables/remove-action.tsx';
import { SectionFrame } from '../tables/section-frame.tsx';
import { PullImage } from './pull-image.tsx';

const nameOf = ({ tags, id }: ImageRow): string => tags[0] ?? shortId(id);
const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12);

const column = columnsOf<ImageRow>();
const COLUMNS = [
  column.accessor(nameOf, { id: 'name', header: 'Name', cell: ({ row: { original } }) => <ImageNames image={original} /> }),
  column.accessor(({ id }) => shortId(id), { id: 'id', header: 'ID', cell: ({ getValue }) => <Code>{getValue()}</Code> }),
  column.accessor('sizeBytes', { header: 'Size', cell: ({ getValue }) => bytesText(getValue()) }),
  column.accessor('createdAt', { header: 'Created', cell: ({ getValue }) => <RelativeTime at={getValue()} fallback="not known" /> }),
  column.display({
    id: 'actions',
    header: 'Actions',
    // All of its names go with it.
    cell: ({ row: { original } }) => (
      <RemoveAction name={nameOf(original)} text={original.tags.length > 1 ? `It has ${original.tags.length} names; the image goes with the last of them. Each is removed.` : 'Containers that use it keep it from being removed.'} call={{ method: 'DELETE', path: `/images/${encodeURIComponent(original.id)}`, query: { force: original.tags.length > 1 } }} />
    ),
  }),
] as readonly DataColumn<ImageRow>[];

export function ImagesTab(): React.JSX.Element {
  return <SectionFrame section="images" noun="images" columns={COLUMNS} rowId={({ id }) => id} textOf={textOf} sortedBy="name" actions={<PullImage />} />;
}

const textOf = ({ tags, id }: ImageRow): string => `${tags.join(' ')} ${id}`;

function ImageNames({ image: { tags } }: { readonly image: ImageRow }): React.JSX.Element {
  if (tags.length === 0) return <Text size="sm" c="dimmed">without a name</Text>;
  return (
    <Stack gap={0}>
      {tags.map((tag) => <Text key={tag} size="sm" fw={600}>{tag}</Text>)}
    </Stack>
  );
}
