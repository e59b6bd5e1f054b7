/** All that an event says, and the way to just before and just after it. */
import { Group, Stack } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import type { TimelineEntry } from '../api/answer.ts';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { FactList } from '../parts/fact-list.tsx';
import { exactText } from '../time/relative-text.ts';

export function EntryDetails({ entry }: { readonly entry: TimelineEntry }): React.JSX.Element {
  const { id, type, actor, recordedAt, stream, revision, position, details } = entry;
  return (
    <Stack gap="sm">
      <FactList
        facts={[
          ['Event', type],
          ...Object.entries(details),
          ['Recorded', `${exactText(recordedAt)} (${recordedAt})`],
          ['Actor', actor ?? 'not known'],
          ['Stream', `${stream}, revision ${revision}`],
          ['Position', position],
          ['Event id', id],
        ]}
      />
      <Group gap="md">
        <CopyButton text={JSON.stringify(entry, null, 2)} label="Copy as JSON" />
        <Then entry={entry} side="before" />
        <Then entry={entry} side="after" />
      </Group>
    </Stack>
  );
}

/** A link to the environment, or else to the fleet, as of an instant. */
function Then({ entry: { environmentId, type, recordedAt }, side }: { readonly entry: TimelineEntry; readonly side: 'before' | 'after' }): React.JSX.Element {
  const search = { at: new Date(Date.parse(recordedAt) - (side === 'before' ? 1 : 0)).toISOString() };
  const content = (
    <Group gap={4} component="span" wrap="nowrap">
      <IconHistory size={14} aria-hidden />
      {side === 'before' ? 'See it as it was just before' : 'See it as it was just after'}
    </Group>
  );
  // An environment that is not there has no page.
  const isThere = environmentId !== null && type !== (side === 'before' ? 'EnvironmentCreated' : 'EnvironmentRemoved');
  return isThere ? (
    <AnchorLink size="sm" to="/environments/$id" params={{ id: environmentId }} search={search}>{content}</AnchorLink>
  ) : (
    <AnchorLink size="sm" to="/" search={search}>{content}</AnchorLink>
  );
}
