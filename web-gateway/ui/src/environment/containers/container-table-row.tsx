/** One container: how it is, and what can be done with it. */
import { ActionIcon, Group, Menu, Table, Text } from '@mantine/core';
import { IconChartLine, IconDots, IconFileText, IconInfoCircle, IconTerminal2 } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { memo } from 'react';
import { AnchorLink } from '../../parts/anchor-link.tsx';
import { StatusWord } from '../../parts/status-word.tsx';
import { RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import type { ContainerView } from '../environment-search.ts';
import { serviceOf, type ContainerRow } from '../engine/engine-rows.ts';
import { RowAction } from '../tables/row-action.tsx';
import classes from '../tables/grouped-table.module.css';
import { containerVerbs, verbsOffered } from './container-actions.ts';
import { EngineSays } from './engine-says.tsx';
import { HealthWord } from './health-word.tsx';
import { useContainerVerbs } from './use-container-verbs.ts';

const VIEWS = [
  ['logs', 'Logs', IconFileText],
  ['terminal', 'Terminal', IconTerminal2],
  ['stats', 'Stats', IconChartLine],
  ['inspect', 'Inspect', IconInfoCircle],
] as const;

/** Drawn again only where it changed: while one scrolls, only those that come into sight are. */
export const ContainerTableRow = memo(function ContainerTableRow({ container, isNarrow, index, measure }: { readonly container: ContainerRow; readonly isNarrow: boolean; readonly index: number; readonly measure: ((element: HTMLElement | null) => void) | undefined }): React.JSX.Element {
  const { id, name, image, state, health, says, createdAt, ports, labels } = container;
  const { whyNoActions, whyNotLive, ask } = useEnvironmentPage();
  const { act, whyNot, isUnderWay, waits } = useContainerVerbs(container, ask);
  const navigate = useNavigate({ from: '/environments/$id' });
  const show = (view: ContainerView): void => void navigate({ search: (now) => ({ ...now, container: id, view }) });
  const isUp = containerVerbs.stop.isFor(state);
  const service = serviceOf(labels);

  const whyNoView = (view: ContainerView): string | null => {
    switch (view) {
      case 'inspect':
        return null;
      case 'logs':
        return whyNotLive;
      case 'stats':
        return whyNotLive ?? (isUp ? null : 'The container is not running.');
      case 'terminal':
      case 'attach':
        return whyNoActions ?? (state === 'running' ? null : 'The container is not running.');
    }
  };

  const actions = (
    <Group gap={2} wrap="nowrap" justify={isNarrow ? 'flex-start' : 'flex-end'}>
      {VIEWS.map(([view, label, icon]) => <RowAction key={view} label={label} icon={icon} whyNot={whyNoView(view)} onClick={() => show(view)} />)}
      {(isUp ? (['stop', 'restart'] as const) : (['start'] as const)).map((verb) => (
        <RowAction key={verb} label={containerVerbs[verb].label} icon={containerVerbs[verb].icon} whyNot={whyNot(verb) ?? (waits(verb) ? 'Something else is being done with it.' : null)} isBusy={isUnderWay(verb)} onClick={() => act(verb)} />
      ))}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" c="var(--mantine-color-text)" size="md" aria-label={`More for ${name}`}><IconDots size={17} aria-hidden /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {verbsOffered
            .filter((verb) => containerVerbs[verb].isFor(state))
            .map((verb) => {
              const { icon: Symbol, label } = containerVerbs[verb];
              const reason = whyNot(verb);
              return (
                <Menu.Item key={verb} leftSection={<Symbol size={16} aria-hidden />} disabled={reason !== null || isUnderWay(verb) || waits(verb)} onClick={() => act(verb)} {...(verb === 'remove' ? { c: 'var(--mantine-color-error)' } : {})}>
                  {label}
                  {reason !== null && <Text size="xs" maw={240}>{reason}</Text>}
                </Menu.Item>
              );
            })}
          <Menu.Divider />
          <Menu.Item disabled={whyNoView('attach') !== null} onClick={() => show('attach')}>Attach</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );

  return (
    <Table.Tr aria-rowindex={index + 2} data-index={index} ref={measure ?? null} data-container={name}>
      <Table.Td className={classes['cell'] ?? ''} title={name}>
        <AnchorLink from="/environments/$id" to="." search={(now) => ({ ...now, container: id, view: 'inspect' })} size="sm" fw={600}>{name}</AnchorLink>
        {service !== null && service !== name && <Text size="xs" c="dimmed" truncate>{service}</Text>}
        {isNarrow && actions}
      </Table.Td>
      <Table.Td>
        <Group gap={8} wrap="nowrap" fz="sm">
          <StatusWord of="container" state={state} />
          {health !== null && <HealthWord health={health} />}
        </Group>
        {says !== null && <Text size="xs" c="dimmed"><EngineSays container={container} /></Text>}
      </Table.Td>
      <Table.Td className={classes['cell'] ?? ''} title={image}><Text span size="sm">{image}</Text></Table.Td>
      <Table.Td><Text size="sm">{ports.length === 0 ? <Text span c="dimmed">none</Text> : ports.map((port) => <div key={port}>{port}</div>)}</Text></Table.Td>
      <Table.Td><Text component="div" size="sm" style={{ whiteSpace: 'nowrap' }}><RelativeTime at={createdAt} fallback="not known" /></Text></Table.Td>
      {!isNarrow && <Table.Td className={classes['actions'] ?? ''}>{actions}</Table.Td>}
    </Table.Tr>
  );
});
