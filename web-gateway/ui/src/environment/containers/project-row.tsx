/** The head of a project's containers, and what can be done with all of them at once. */
import { Group, Table, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { memo } from 'react';
import { isAgentsOwn, WHY_KEPT } from '../engine/agents-own-container.ts';
import { useEngineAction } from '../engine/use-engine-action.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { RowAction } from '../tables/row-action.tsx';
import classes from '../tables/grouped-table.module.css';
import { containerAction, containerVerbs, type ContainerVerb } from './container-actions.ts';
import type { ContainerGroup } from './container-groups.ts';

/** What can be done with all of them at once. */
const VERBS = ['start', 'stop', 'restart', 'remove'] as const;

export const ProjectRow = memo(function ProjectRow({ group: { project, containers }, isFolded, isNarrow, onToggle, index, measure }: { readonly group: ContainerGroup; readonly isFolded: boolean; readonly isNarrow: boolean; readonly onToggle: (project: string | null) => void; readonly index: number; readonly measure: ((element: HTMLElement | null) => void) | undefined }): React.JSX.Element {
  const { environment, whyNoActions, ask } = useEnvironmentPage();
  const { run, isBusy } = useEngineAction();
  const hosts = environment.agents.map(({ node }) => node);
  const hasAgent = containers.some((container) => isAgentsOwn(container, hosts));
  const isStack = containers.some(({ labels }) => 'com.docker.stack.namespace' in labels);
  const running = containers.filter(({ state }) => state === 'running').length;
  const Chevron = isFolded ? IconChevronRight : IconChevronDown;

  function act(verb: ContainerVerb): void {
    const meant = containers.filter(({ state }) => containerVerbs[verb].isFor(state));
    const action = containerAction(verb, meant, `The project ${project ?? ''}`);
    if (verb === 'start') return void run(action);
    ask({
      title: `${containerVerbs[verb].label} the project ${project ?? ''}?`,
      text: verb === 'remove' ? `All of its ${meant.length} containers are removed, with their anonymous volumes. Named volumes, networks and images stay.` : `All of its ${meant.length} containers are ${containerVerbs[verb].past}.`,
      action: containerVerbs[verb].label,
      onConfirm: () => void run(action),
    });
  }

  const whyNot = (verb: ContainerVerb): string | null => {
    if (whyNoActions !== null) return whyNoActions;
    if (hasAgent && containerVerbs[verb].isHarmful) return WHY_KEPT;
    if (isStack) return 'Swarm starts its containers again: change the stack’s services.';
    return containers.some(({ state }) => containerVerbs[verb].isFor(state)) ? null : `None of its containers can be ${containerVerbs[verb].past}.`;
  };

  const actions = project !== null && (
    <Group gap={2} wrap="nowrap" justify={isNarrow ? 'flex-start' : 'flex-end'}>
      {VERBS.map((verb) => <RowAction key={verb} label={`${containerVerbs[verb].label} project ${project}`} icon={containerVerbs[verb].icon} isBusy={isBusy && verb === 'restart'} whyNot={whyNot(verb)} onClick={() => act(verb)} />)}
    </Group>
  );

  return (
    <Table.Tr className={classes['group'] ?? ''} aria-rowindex={index + 2} data-index={index} ref={measure ?? null}>
      <Table.Th colSpan={5} scope="rowgroup">
        <UnstyledButton onClick={() => onToggle(project)} aria-expanded={!isFolded} mih={24}>
          <Group gap={6} wrap="nowrap">
            <Chevron size={16} aria-hidden />
            <Text span fw={600} size="sm">{project ?? 'Without a project'}</Text>
            <Text span size="xs" c="dimmed">{running} of {containers.length} running{isStack ? ' · stack' : ''}</Text>
          </Group>
        </UnstyledButton>
        {isNarrow && actions}
      </Table.Th>
      {!isNarrow && <Table.Td className={classes['actions'] ?? ''}>{actions}</Table.Td>}
    </Table.Tr>
  );
});
