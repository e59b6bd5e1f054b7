/** An environment that there is: its head, its connection, and its tabs. */
import { Group, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { ConfirmDialog, type Question } from '../parts/confirm-dialog.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { StatusWord } from '../parts/status-word.tsx';
import { useChosenInSight } from '../parts/use-chosen-in-sight.ts';
import { useEngineAccess } from '../session/session.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { ConnectionState } from './connection/connection-state.tsx';
import { ConnectionPanel } from './connection/connection-panel.tsx';
import { useConnection } from './connection/use-connection.ts';
import { EnvironmentPageProvider, type EnvironmentPage } from './environment-context.ts';
import { latestSnapshotQuery, type TaggedEnvironment } from './environment-queries.ts';
import type { EnvironmentTab } from './environment-search.ts';
import { ContainerDrawer } from './container/container-drawer.tsx';
import { ContainersTab } from './containers/containers-tab.tsx';
import { useEngineEvents } from './engine/use-engine-events.ts';
import { ImagesTab } from './images/images-tab.tsx';
import { NetworksTab } from './networks/networks-tab.tsx';
import { OverviewTab } from './overview/overview-tab.tsx';
import { SnapshotsTab } from './snapshots/snapshots-tab.tsx';
import { SourceNote } from './source-note.tsx';
import { NodePicker } from './swarm/node-picker.tsx';
import { SwarmTab } from './swarm/swarm-tab.tsx';
import { TimelineTab } from './timeline-tab.tsx';
import { VolumesTab } from './volumes/volumes-tab.tsx';
import { sourceOf } from './source-of.ts';

const TABS = [
  ['overview', 'Overview'],
  ['containers', 'Containers'],
  ['images', 'Images'],
  ['volumes', 'Volumes'],
  ['networks', 'Networks'],
  ['swarm', 'Swarm'],
  ['snapshots', 'Snapshots'],
  ['timeline', 'Timeline'],
] as const satisfies readonly (readonly [EnvironmentTab, string])[];

export function OneEnvironment({ tagged: { environment, entityTag }, node, at }: { readonly tagged: TaggedEnvironment; readonly node: string | undefined; readonly at: string | undefined }): React.JSX.Element {
  const { id, name, status, heartbeat } = environment;
  const { tab = 'overview' } = useSearch({ from: '/environments/$id' });
  const navigate = useNavigate({ from: '/environments/$id' });
  const access = useEngineAccess(environment.tags);
  const connection = useConnection(environment, node, access !== null && at === undefined, at);
  const { phase } = connection;
  const [question, setQuestion] = useState<Question | null>(null);
  const tabs = useChosenInSight(tab);
  const kept = useQuery({ ...latestSnapshotQuery(id, node, at), placeholderData: (before) => (at === undefined ? undefined : before) });
  const isSwarm = tab === 'swarm' || node !== undefined || (kept.data?.node ?? null) !== null || (kept.data?.snapshot.nodes.length ?? 0) > 0;
  useEngineEvents(id, node, phase === 'open');
  const page = useMemo<EnvironmentPage>(() => ({ environment, node, at, access, ...sourceOf(phase, access, at), snapshot: kept.data, snapshotError: kept.error, ask: setQuestion }), [environment, node, at, access, phase, kept.data, kept.error]);
  const show = (next: string | null): void => void navigate({ search: ({ container: _, view: __, service: ___, filter: ____, nodeFilter: _____, ...now }) => ({ ...now, tab: (next ?? 'overview') as EnvironmentTab }), replace: true });

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
        actions={
          <>
            {kept.data !== null && kept.data !== undefined && <NodePicker nodes={kept.data.nodes} node={node} />}
            <ConnectionState connection={connection} mayDisconnect={access === 'full'} />
          </>
        }
      />
      <ConnectionPanel environment={environment} connection={connection} />
      <Tabs value={tab} onChange={show} keepMounted={false}>
        <Tabs.List ref={tabs} mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto' }}>
          {TABS.filter(([value]) => value !== 'swarm' || isSwarm).map(([value, label]) => <Tabs.Tab key={value} value={value}>{label}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="overview"><OverviewTab entityTag={entityTag} /></Tabs.Panel>
        <Tabs.Panel value="containers"><SourceNote /><ContainersTab /></Tabs.Panel>
        <Tabs.Panel value="images"><SourceNote /><ImagesTab /></Tabs.Panel>
        <Tabs.Panel value="volumes"><SourceNote /><VolumesTab /></Tabs.Panel>
        <Tabs.Panel value="networks"><SourceNote /><NetworksTab /></Tabs.Panel>
        <Tabs.Panel value="swarm"><SourceNote /><SwarmTab /></Tabs.Panel>
        <Tabs.Panel value="snapshots"><SnapshotsTab /></Tabs.Panel>
        <Tabs.Panel value="timeline"><TimelineTab /></Tabs.Panel>
      </Tabs>
      <ContainerDrawer />
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </EnvironmentPageProvider>
  );
}
