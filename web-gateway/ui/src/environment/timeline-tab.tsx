/** What happened to one environment. */
import { Group, Stack } from '@mantine/core';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { TimelineList } from '../timeline/timeline-list.tsx';
import { useEnvironmentPage } from './environment-context.ts';

export function TimelineTab(): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  return (
    <Stack gap="xs">
      <Group justify="flex-end" fz="sm">
        <AnchorLink to="/timeline" search={{ environment: environment.id }}>Filter in the timeline</AnchorLink>
      </Group>
      <TimelineList environmentId={environment.id} height="calc(100dvh - 260px)" />
    </Stack>
  );
}
