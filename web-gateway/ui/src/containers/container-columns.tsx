/** The columns of the search for containers: a row of cells where there is room, and else one cell that has it all. */
import { IconHeartBroken, IconHeartCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { CardLine, RowCard } from '../list/row-card.tsx';
import { columnsOf, type DataColumn } from '../parts/data-columns.ts';
import { StatusWord } from '../parts/status-word.tsx';
import { RelativeTimeInRow } from '../time/relative-time.tsx';
import type { FoundContainer } from './container-rows.ts';
import classes from './containers.module.css';

const column = columnsOf<FoundContainer>();

/** In the order of the columns. */
export const WIDTHS = ['24%', '26%', '168px', '18%', '16%', '116px'];
/** In pixels: of a row of cells, and of one that is one cell. */
export const ROW_HEIGHTS = { row: 44, card: 104 };

/** @param at the time machine's instant, which links keep. */
export function containerColumns(at: string | undefined): readonly DataColumn<FoundContainer>[] {
  return [
    column.display({ id: 'name', header: 'Name', cell: ({ row: { original } }) => <Name row={original} at={at} /> }),
    column.display({ id: 'image', header: 'Image', cell: ({ row: { original } }) => <Cut text={original.image} /> }),
    column.display({ id: 'state', header: 'State', cell: ({ row: { original } }) => <State row={original} /> }),
    column.display({ id: 'environment', header: 'Environment', cell: ({ row: { original } }) => <Environment row={original} at={at} /> }),
    column.display({ id: 'stack', header: 'Stack', cell: ({ row: { original } }) => <Cut text={original.stack ?? ''} /> }),
    column.display({ id: 'takenAt', header: 'As of', cell: ({ row: { original } }) => <RelativeTimeInRow at={original.takenAt} /> }),
  ] as readonly DataColumn<FoundContainer>[];
}

export function containerCard(at: string | undefined): readonly DataColumn<FoundContainer>[] {
  return [
    column.display({
      id: 'name',
      header: 'Container',
      cell: ({ row: { original } }) => (
        <RowCard>
          <CardLine>
            <Name row={original} at={at} />
            <State row={original} />
          </CardLine>
          <Cut text={original.image} />
          <CardLine>
            <Environment row={original} at={at} />
            <span className={classes['quiet']}>
              <RelativeTimeInRow at={original.takenAt} />
            </span>
          </CardLine>
        </RowCard>
      ),
    }),
  ] as readonly DataColumn<FoundContainer>[];
}

interface OfRow {
  readonly row: FoundContainer;
  readonly at?: string | undefined;
}

function Name({ row: { environment, node, name }, at }: OfRow): React.JSX.Element {
  const search = { tab: 'containers' as const, container: name, ...(node === null ? {} : { node }), ...(at === undefined ? {} : { at }) };
  return (
    <Link to="/environments/$id" params={{ id: environment.id }} search={search} preload={false} className={`${classes['cut']} ${classes['name']}`} title={name}>
      {name}
    </Link>
  );
}

function Environment({ row: { environment, node, hostname }, at }: OfRow): React.JSX.Element {
  return (
    <span className={classes['cut']}>
      <Link to="/environments/$id" params={{ id: environment.id }} search={at === undefined ? {} : { at }} preload={false} className={classes['environment'] ?? ''} title={environment.name}>
        {environment.name}
      </Link>
      {node !== null && <span className={classes['quiet']}> on {hostname}</span>}
    </span>
  );
}

function Cut({ text }: { readonly text: string }): React.JSX.Element {
  return (
    <span className={classes['cut']} title={text}>
      {text}
    </span>
  );
}

function State({ row: { state, health, exitCode } }: OfRow): React.JSX.Element {
  return (
    <span className={classes['state']}>
      <StatusWord of="container" state={state} />
      {state === 'exited' && exitCode !== null && <span className={classes['quiet']}>({exitCode})</span>}
      {health === 'healthy' && <IconHeartCheck size={16} role="img" aria-label="healthy" title="healthy" />}
      {health === 'unhealthy' && <IconHeartBroken size={16} role="img" aria-label="unhealthy" title="unhealthy" className={classes['unhealthy']} />}
    </span>
  );
}
