/** One container, looked at beside the list: its logs, a terminal in it, its figures, all that is known of it. */
import { Button, Drawer, Group, Tabs, Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { EmptyState } from '../../parts/empty-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useReturnedFocus } from '../../parts/returned-focus.ts';
import { StatusWord } from '../../parts/status-word.tsx';
import { ConfirmDialog, type Question } from '../../parts/confirm-dialog.tsx';
import { containerVerbs, verbsOffered } from '../containers/container-actions.ts';
import { EngineSays } from '../containers/engine-says.tsx';
import { useContainerVerbs } from '../containers/use-container-verbs.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import type { ContainerView } from '../environment-search.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';
import { useRows } from '../engine/use-rows.ts';
import classes from './container-drawer.module.css';
import { InspectView } from './inspect-view.tsx';

const LogsView = lazy(async () => ({ default: (await import('../logs/logs-view.tsx')).LogsView }));
const TerminalView = lazy(async () => ({ default: (await import('../terminal/terminal-view.tsx')).TerminalView }));
const StatsView = lazy(async () => ({ default: (await import('../stats/stats-view.tsx')).StatsView }));

export function ContainerDrawer(): React.JSX.Element {
  const { container: wanted, view = 'inspect' } = useSearch({ from: '/environments/$id' });
  const navigate = useNavigate({ from: '/environments/$id' });
  const close = (): void => void navigate({ search: ({ container: _, view: __, ...now }) => now });
  return (
    <Drawer {...useReturnedFocus(wanted !== undefined)} opened={wanted !== undefined} onClose={close} position="right" size="min(1120px, 100vw)" title={<Text span fw={600} fz="lg">{wanted === undefined ? '' : <ContainerName wanted={wanted} />}</Text>} classNames={{ content: classes['content'] ?? '', body: classes['body'] ?? '' }} transitionProps={{ duration: 120 }}>
      {wanted !== undefined && <OneContainer wanted={wanted} view={view} />}
    </Drawer>
  );
}

/** By its id, a beginning of it that is long enough, or its name. */
function useContainer(wanted: string): { readonly container: ContainerRow | undefined; readonly isKnown: boolean } {
  const { rows } = useRows('containers');
  return { container: rows?.find(({ id, name }) => id === wanted || name === wanted || (wanted.length >= 12 && id.startsWith(wanted))), isKnown: rows !== undefined };
}

function ContainerName({ wanted }: { readonly wanted: string }): React.JSX.Element {
  return <>{useContainer(wanted).container?.name ?? wanted.slice(0, 12)}</>;
}

function OneContainer({ wanted, view }: { readonly wanted: string; readonly view: ContainerView }): React.JSX.Element {
  const { container, isKnown } = useContainer(wanted);
  const { at, isConnecting } = useEnvironmentPage();
  if (!isKnown || (container === undefined && isConnecting)) return <LoadingState label="Asking for the container" />;
  if (container === undefined) return <EmptyState title={at === undefined ? 'This container is not here' : 'This container was not there then'}>It was removed, or is on another node.</EmptyState>;
  return <ShownContainer container={container} view={view} />;
}

function ShownContainer({ container, view }: { readonly container: ContainerRow; readonly view: ContainerView }): React.JSX.Element {
  const { environment, node, source, whyNoActions, whyNotLive } = useEnvironmentPage();
  const navigate = useNavigate({ from: '/environments/$id' });
  const [question, setQuestion] = useState<Question | null>(null);
  const { act, whyNot, isUnderWay, waits } = useContainerVerbs(container, setQuestion);
  const target = { environmentId: environment.id, node, container: container.id };
  const isUp = containerVerbs.stop.isFor(container.state);
  // What follows goes on by itself while the tunnel comes back.
  const whyNotFollowed = source.kind === 'engine' ? null : whyNotLive;
  const whyNoTerminal = source.kind === 'engine' && !source.isReachable ? null : whyNoActions;
  return (
    <>
      <Group justify="space-between" gap="xs" mb="xs">
        <Group gap="sm" fz="sm">
          <StatusWord of="container" state={container.state} />
          {container.says !== null && <Text size="sm" c="dimmed"><EngineSays container={container} /></Text>}
        </Group>
        <Group gap={6}>
          {verbsOffered
            .filter((verb) => containerVerbs[verb].isFor(container.state))
            .map((verb) => {
              const { icon: Symbol, label } = containerVerbs[verb];
              const reason = whyNot(verb);
              return (
                <Button key={verb} size="compact-sm" variant="default" leftSection={<Symbol size={14} aria-hidden />} disabled={reason !== null || waits(verb)} title={reason ?? undefined} loading={isUnderWay(verb)} onClick={() => act(verb)}>{label}</Button>
              );
            })}
        </Group>
      </Group>
      {whyNot('stop') !== null && <Text size="xs" c="dimmed" mb="xs">{whyNot('stop')}</Text>}
      <Tabs value={view} onChange={(next) => void navigate({ search: (now) => ({ ...now, view: next as ContainerView }), replace: true })} keepMounted={false} className={classes['tabs'] ?? ''}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
          <Tabs.Tab value="terminal">Terminal</Tabs.Tab>
          <Tabs.Tab value="stats">Stats</Tabs.Tab>
          <Tabs.Tab value="inspect">Inspect</Tabs.Tab>
          <Tabs.Tab value="attach">Attach</Tabs.Tab>
        </Tabs.List>
        <Suspense fallback={<LoadingState />}>
          <Tabs.Panel value="logs" className={classes['panel'] ?? ''}>{whyNotFollowed === null ? <LogsView key={container.id} target={target} name={container.name} isRunning={isUp} /> : <NotLive what="logs" why={whyNotFollowed} />}</Tabs.Panel>
          <Tabs.Panel value="terminal" className={classes['panel'] ?? ''}>{whyNoTerminal === null ? <TerminalView target={target} kind="exec" /> : <NotLive what="terminal" why={whyNoTerminal} />}</Tabs.Panel>
          <Tabs.Panel value="attach" className={classes['panel'] ?? ''}>{whyNoTerminal === null ? <TerminalView target={target} kind="attach" /> : <NotLive what="way to attach" why={whyNoTerminal} />}</Tabs.Panel>
          <Tabs.Panel value="stats" className={classes['scrolled'] ?? ''} tabIndex={0}>{whyNotFollowed === null ? <StatsView key={`${container.id} ${isUp}`} target={target} /> : <NotLive what="figures" why={whyNotFollowed} />}</Tabs.Panel>
          <Tabs.Panel value="inspect" className={classes['scrolled'] ?? ''} tabIndex={0}><InspectView container={container} /></Tabs.Panel>
        </Suspense>
      </Tabs>
      <ConfirmDialog question={question} onClose={() => setQuestion(null)} />
    </>
  );
}

function NotLive({ what, why }: { readonly what: string; readonly why: string }): React.JSX.Element {
  return <EmptyState title={`No ${what} now`}>{why}</EmptyState>;
}
