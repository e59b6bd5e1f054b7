/** Containers in one table, under the projects they belong to; of many, only those in sight are drawn. */
import { Table } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useIsNarrow } from '../../list/use-is-narrow.ts';
import { Spacer } from '../../parts/data-table-rows.tsx';
import classes from '../tables/grouped-table.module.css';
import type { ContainerGroup } from './container-groups.ts';
import { ContainerTableRow } from './container-table-row.tsx';
import { ProjectRow } from './project-row.tsx';
import type { ContainerRow } from '../engine/engine-rows.ts';

type Line = { readonly kind: 'project'; readonly group: ContainerGroup } | { readonly kind: 'container'; readonly container: ContainerRow };

/** So few lines are all drawn: the browser's own search finds them. */
const DRAWN_WHOLE = 120;
const LINE_PX = 60;
const COLUMNS = ['Name', 'State', 'Image', 'Ports', 'Created', 'Actions'] as const;
/** On a phone a column of actions would stand out of sight: they are below the name. */
const NARROW_COLUMNS = COLUMNS.filter((column) => column !== 'Actions');

export function ContainersTable({ groups }: { readonly groups: readonly ContainerGroup[] }): React.JSX.Element {
  const [folded, setFolded] = useState<ReadonlySet<string | null>>(new Set());
  const isNarrow = useIsNarrow();
  const columns = isNarrow ? NARROW_COLUMNS : COLUMNS;
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => linesOf(groups, folded), [groups, folded]);
  const isWhole = lines.length <= DRAWN_WHOLE;
  const virtualizer = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 6, enabled: !isWhole, useFlushSync: false });
  const drawn = isWhole ? lines.map((line, index) => ({ line, index })) : virtualizer.getVirtualItems().flatMap(({ index }) => (lines[index] === undefined ? [] : [{ line: lines[index], index }]));
  const before = isWhole ? 0 : (virtualizer.getVirtualItems()[0]?.start ?? 0);
  const after = isWhole ? 0 : Math.max(0, virtualizer.getTotalSize() - (virtualizer.getVirtualItems().at(-1)?.end ?? 0));
  const toggle = useCallback((project: string | null) => setFolded((now) => new Set(now.has(project) ? [...now].filter((one) => one !== project) : [...now, project])), []);

  return (
    <div ref={scroller} className={classes['scroller']} style={isWhole ? undefined : { height: 'calc(100dvh - 320px)', minHeight: 320 }} role="region" aria-label="Containers" tabIndex={0}>
      <Table className={classes['table'] ?? ''} aria-rowcount={lines.length + 1}>
        <Table.Thead className={classes['head'] ?? ''}>
          <Table.Tr>
            {columns.map((column) => <Table.Th key={column} scope="col">{column}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {before > 0 && <Spacer height={before} span={columns.length} />}
          {drawn.map(({ line, index }) =>
            line.kind === 'project' ? (
              <ProjectRow key={`project ${line.group.project ?? ''}`} group={line.group} isFolded={folded.has(line.group.project)} onToggle={toggle} isNarrow={isNarrow} index={index} measure={isWhole ? undefined : virtualizer.measureElement} />
            ) : (
              <ContainerTableRow key={line.container.id} container={line.container} isNarrow={isNarrow} index={index} measure={isWhole ? undefined : virtualizer.measureElement} />
            ),
          )}
          {after > 0 && <Spacer height={after} span={columns.length} />}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** Where nothing belongs to a project, there is no head for those that do not. */
function linesOf(groups: readonly ContainerGroup[], folded: ReadonlySet<string | null>): readonly Line[] {
  const isPlain = groups.every(({ project }) => project === null);
  return groups.flatMap((group) => [
    ...(isPlain ? [] : [{ kind: 'project', group } as const]),
    ...(folded.has(group.project) ? [] : group.containers.map((container) => ({ kind: 'container', container }) as const)),
  ]);
}
