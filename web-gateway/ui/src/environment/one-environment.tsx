/** An environment that there is: its head, its connection, and its tabs. */
import { Group, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { PageHeader } from '../parts/page-header.tsx';
import { StatusWord } from '../parts/status-word.tsx';
import { useEngineAccess } from '../session/session.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { ConnectionState } from './connection/connection-button.tsx';
import { ConnectionPanel } from './connection/connection-panel.tsx';
import { useConnection } from './connection/use-connection.ts';
import { EnvironmentPageProvider, type EnvironmentPage } from './environment-context.ts';
import { latestSnapshotQuery, type TaggedEnvironment } from './environment-queries.ts';
import type { EnvironmentTab } from './environment-search.ts';
import { ContainerDrawer } from './container/container-drawer.tsx';
import { ContainersTab } from './containers/containers-tab.tsx';
import { OverviewTab } from './overview/overview-tab.tsx';
import { SourceNote } from './source-note.tsx';
import { sourceOf } from './use-source.ts';

export function OneEnvironment({ tagged: { environment, entityTag }, node, at }: { readonly tagged: TaggedEnvironment; readonly node: string | undefined; readonly at: string | undefined }): React.JSX.Element {
  const { id, name, status, heartbeat } = environment;
  const { tab = 'overview' } = useSearch({ from: '/environments/$id' });
  const navigate = useNavigate({ from: '/environments/$id' });
  const access = useEngineAccess(environment.tags);
  const connection = useConnection(environment, node, access !== null && at === undefined, at);
  const { phase } = connection;
  const kept = useQuery({ ...latestSnapshotQuery(id, node, at), placeholderData: (before) => (at === undefined ? undefined : before) });
  const page = useMemo<EnvironmentPage>(() => ({ environment, node, at, access, ...sourceOf(phase, access, at), snapshot: kept.data, snapshotError: kept.error }), [environment, node, at, access, phase, kept.data, kept.error]);
  const show = (next: string | null): void => void navigate({ search: ({ container: _, view: __, ...now }) => ({ ...now, tab: (next ?? 'overview') as EnvironmentTab }), replace: true });

  return (
    <EnvironmentPageProvider value={page}>
      <PageHeader
        title={name}
        description={
          <Group gap="sm">
            <StatusWord of="environment" state={status} />
            {heartbeat.lastPolledAt !== null && <Text span inherit>last poll <RelativeTime at={heartbeat.lastPolledAt} /></Text>}
          </Group>
        }
        actions={<ConnectionState connection={connection} />}
      />
      <ConnectionPanel environment={environment} connection={connection} />
      <Tabs value={tab} onChange={show} keepMounted={false}>
        <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto' }}>
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="containers">Containers</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview"><OverviewTab entityTag={entityTag} /></Tabs.Panel>
        <Tabs.Panel value="containers">
          <SourceNote />
          <ContainersTab />
        </Tabs.Panel>
      </Tabs>
      <ContainerDrawer />
    </EnvironmentPageProvider>
  );
}
