/** A container in full: what people look for first, and all that the engine says as JSON. */
import { Badge, Code, SegmentedControl, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { askDocker } from '../../api/docker.ts';
import { withVisibleControlsIn } from '../../api/visible-controls.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';
import { engineKey } from '../engine/use-rows.ts';
import { Facts } from '../../parts/facts.tsx';
import { factsOfEngine, factsOfSnapshot, type ContainerFacts } from './container-facts.ts';

export function InspectView({ container }: { readonly container: ContainerRow }): React.JSX.Element {
  const { environment, node, source, snapshot } = useEnvironmentPage();
  const [form, setForm] = useState('summary');
  const isLive = source.kind === 'engine';
  const live = useQuery({
    queryKey: engineKey(environment.id, node, 'container', container.id),
    queryFn: async ({ signal }) => withVisibleControlsIn(await askDocker<Readonly<Record<string, unknown>>>(environment.id, `/containers/${encodeURIComponent(container.id)}/json`, { node: node ?? null, signal })),
    enabled: isLive && source.isReachable,
  });
  const kept = snapshot?.snapshot.containers.find(({ id }) => id === container.id);
  const said: object | undefined = isLive ? live.data : kept;
  if (isLive && live.isError && live.data === undefined) return <ErrorState error={live.error} onRetry={() => void live.refetch()} />;
  if (said === undefined) return <LoadingState label="Asking for the container" />;
  const facts = isLive ? factsOfEngine(said) : kept === undefined ? undefined : factsOfSnapshot(kept);
  const json = JSON.stringify(said, null, 2);
  return (
    <Stack gap="md">
      <SegmentedControl aria-label="Form" value={form} onChange={setForm} data={[{ value: 'summary', label: 'Summary' }, { value: 'json', label: 'JSON' }]} size="xs" style={{ alignSelf: 'flex-start' }} />
      {form === 'summary' && facts !== undefined && <Summary facts={facts} />}
      {form === 'json' && (
        <Stack gap="xs" align="flex-start">
          <CopyButton text={json} label="Copy the JSON" />
          <Code block w="100%" tabIndex={0} role="region" aria-label="JSON" style={{ overflow: 'auto', maxHeight: '60dvh' }}>{json}</Code>
        </Stack>
      )}
    </Stack>
  );
}

function Summary({ facts }: { readonly facts: ContainerFacts }): React.JSX.Element {
  const { id, image, command, createdAt, startedAt, finishedAt, exitCode, restartPolicy, restarts, user, workingDir, hostname, networks, ports, mounts, env, labels } = facts;
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ['ID', <Code key="id">{id.slice(0, 12)}</Code>],
          ['Image', image],
          ['Command', <Code key="command">{command}</Code>],
          ['Created', <RelativeTime key="created" at={createdAt} fallback="not known" />],
          ...(startedAt === null ? [] : [['Started', <RelativeTime key="started" at={startedAt} />] as const]),
          ...(finishedAt === null ? [] : [['Ended', <RelativeTime key="ended" at={finishedAt} />] as const]),
          ...(exitCode === null ? [] : [['Exit code', exitCode] as const]),
          ...(restartPolicy === null ? [] : [['Restarts', `${restartPolicy}${restarts === null ? '' : `, ${restarts} so far`}`] as const]),
          ...(hostname === null ? [] : [['Host name', hostname] as const]),
          ...(user === null || user === '' ? [] : [['User', user] as const]),
          ...(workingDir === null || workingDir === '' ? [] : [['Working directory', <Code key="dir">{workingDir}</Code>] as const]),
        ]}
      />
      <Listed title="Networks" items={networks} none="It has no network." />
      <Listed title="Ports" items={ports} none="It has no ports." />
      <Listed title="Mounts" items={mounts} none="Nothing is mounted." />
      <Pairs title="Environment" pairs={env} none={env === null ? 'Not known.' : 'It has no variables.'} />
      <Pairs title="Labels" pairs={labels} none="It has no labels." />
    </Stack>
  );
}

function Listed({ title, items, none }: { readonly title: string; readonly items: readonly string[]; readonly none: string }): React.JSX.Element {
  return (
    <section aria-label={title}>
      <Text component="h3" fw={600} size="sm" mb={4} mt={0}>{title} <Badge size="xs" variant="default">{items.length}</Badge></Text>
      {items.length === 0 ? <Text size="sm" c="dimmed">{none}</Text> : items.map((item) => <Text key={item} size="sm" ff="monospace">{item}</Text>)}
    </section>
  );
}

function Pairs({ title, pairs, none }: { readonly title: string; readonly pairs: Readonly<Record<string, string>> | null; readonly none: string }): React.JSX.Element {
  return <Listed title={title} items={Object.entries(pairs ?? {}).map(([name, value]) => `${name}=${value}`)} none={none} />;
}
