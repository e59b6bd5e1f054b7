/** The columns of the list of environments: a row of cells where there is room, and else one cell that has it all. */
import { Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconBox, IconPlugConnected } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { CardLine, RowCard } from '../list/row-card.tsx';
import { columnsOf, type DataColumn } from '../parts/data-columns.ts';
import { StatusWord } from '../parts/status-word.tsx';
import { engineAccessOf, type Session } from '../session/session.ts';
import { RelativeTimeInRow } from '../time/relative-time.tsx';
import type { EnvironmentRow } from './environment-rows.ts';
import classes from './environments.module.css';

const column = columnsOf<EnvironmentRow>();

export interface EnvironmentColumnsOptions {
  readonly session: Session;
  /** The time machine's instant: nothing can be connected to then. */
  readonly at: string | undefined;
  readonly onTag: (tag: string) => void;
}

/** In the order of the columns. */
export const WIDTHS = ['22%', '152px', '104px', '15%', '112px', '24%', '128px'];
/** In pixels: of a row of cells, and of one that is one cell. */
export const ROW_HEIGHTS = { row: 44, card: 112 };

export function environmentColumns({ session, at, onTag }: EnvironmentColumnsOptions): readonly DataColumn<EnvironmentRow>[] {
  return [
    column.accessor('name', { header: 'Name', cell: ({ row: { original } }) => <Name row={original} at={at} /> }),
    column.accessor('status', { header: 'Status', cell: ({ row: { original } }) => <StatusWord of="environment" state={original.status} /> }),
    column.accessor('lastPolledAt', { header: 'Last poll', enableSorting: at === undefined, cell: ({ row: { original } }) => <RelativeTimeInRow at={original.lastPolledAt} /> }),
    column.display({ id: 'containers', header: 'Last snapshot', cell: ({ row: { original } }) => <Counts row={original} /> }),
    column.display({ id: 'tunnel', header: 'Tunnel', cell: ({ row: { original } }) => <Tunnel row={original} /> }),
    column.display({ id: 'tags', header: 'Tags', cell: ({ row: { original } }) => <Tags tags={original.tags} onTag={onTag} /> }),
    column.display({ id: 'connect', header: () => <span className={classes['hidden']}>Connect</span>, cell: ({ row: { original } }) => <Connect row={original} session={session} at={at} /> }),
  ] as readonly DataColumn<EnvironmentRow>[];
}

export function environmentCard({ session, at, onTag }: EnvironmentColumnsOptions): readonly DataColumn<EnvironmentRow>[] {
  return [
    column.accessor('name', {
      header: 'Name',
      cell: ({ row: { original } }) => (
        <RowCard>
          <CardLine>
            <Name row={original} at={at} />
            <StatusWord of="environment" state={original.status} />
          </CardLine>
          <CardLine>
            <span className={classes['quiet']}>
              Polled <RelativeTimeInRow at={original.lastPolledAt} />
            </span>
            <Counts row={original} />
          </CardLine>
          <CardLine>
            <Tags tags={original.tags} onTag={onTag} />
            <Connect row={original} session={session} at={at} />
          </CardLine>
        </RowCard>
      ),
    }),
  ] as readonly DataColumn<EnvironmentRow>[];
}

interface OfRow {
  readonly row: EnvironmentRow;
}

function Name({ row: { id, name }, at }: OfRow & { readonly at: string | undefined }): React.JSX.Element {
  return (
    <Link to="/environments/$id" params={{ id }} search={at === undefined ? {} : { at }} className={classes['name'] ?? ''} title={name} preload={false}>
      {name}
    </Link>
  );
}

function Connect({ row: { id, name, tags, status }, session, at }: OfRow & { readonly session: Session; readonly at: string | undefined }): React.JSX.Element | null {
  // Nobody is there to be told, or the server would refuse.
  if (at !== undefined || status === 'unassociated' || engineAccessOf(session, tags) === null) return null;
  return (
    <Link to="/environments/$id" params={{ id }} preload={false} className={classes['connect'] ?? ''} aria-label={`Connect to ${name}`}>
      <IconPlugConnected size={14} aria-hidden />
      Connect
    </Link>
  );
}

function Counts({ row: { counts, snapshotTakenAt } }: OfRow): React.JSX.Element {
  if (counts === null) return <span className={classes['quiet']}>{snapshotTakenAt === null ? 'none yet' : 'empty'}</span>;
  const { running, containers, unhealthy, services, stacks } = counts;
  const said = [`${running} of ${containers} containers running`, ...(unhealthy > 0 ? [`${unhealthy} unhealthy`] : []), ...(services > 0 ? [`${services} services`] : []), ...(stacks > 0 ? [`${stacks} stacks`] : [])].join(', ');
  return (
    <span className={classes['counts']} title={said} aria-label={said} role="img">
      <IconBox size={14} aria-hidden />
      {running}/{containers}
      {unhealthy > 0 && (
        <span className={classes['unhealthy']}>
          <IconAlertTriangle size={14} aria-hidden />
          {unhealthy} unhealthy
        </span>
      )}
      {services > 0 && <span className={classes['quiet']}>{services} services</span>}
      {services === 0 && stacks > 0 && <span className={classes['quiet']}>{stacks === 1 ? '1 stack' : `${stacks} stacks`}</span>}
    </span>
  );
}

function Tunnel({ row: { tunnel, tunnelFailure } }: OfRow): React.JSX.Element {
  if (tunnelFailure === null || tunnel === 'open') return <StatusWord of="tunnel" state={tunnel} />;
  return (
    <Tooltip label={`Last failure: ${tunnelFailure}`}>
      <span className={classes['failed']} tabIndex={0}>
        <StatusWord of="tunnel" state={tunnel} />
        <IconAlertTriangle size={14} aria-label={`Last failure: ${tunnelFailure}`} role="img" />
      </span>
    </Tooltip>
  );
}

/** More than a few are told by their number. */
const TAGS_SHOWN = 3;

function Tags({ tags, onTag }: { readonly tags: readonly string[]; readonly onTag: (tag: string) => void }): React.JSX.Element {
  return (
    <span className={classes['tags']}>
      {tags.slice(0, TAGS_SHOWN).map((tag) => (
        <button key={tag} type="button" className={classes['tag']} onClick={() => onTag(tag)} title={`Show those tagged ${tag}`}>
          {tag}
        </button>
      ))}
      {tags.length > TAGS_SHOWN && (
        <span className={classes['quiet']} title={tags.slice(TAGS_SHOWN).join(', ')}>
          +{tags.length - TAGS_SHOWN}
        </span>
      )}
    </span>
  );
}
