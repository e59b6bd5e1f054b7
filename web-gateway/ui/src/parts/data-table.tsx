/** A table of any number of rows, of which only those in sight are drawn; sorted here or by the server. */
import { Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useTable, type SortingState } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { dataTableFeatures, type DataColumn } from './data-columns.ts';
import { DrawnRow, RowOnItsWay, Spacer } from './data-table-rows.tsx';
import classes from './data-table.module.css';
import { leaveAt, leftAt } from './left-at.ts';

export interface DataTableProps<Row extends object> {
  /** What the table is of, for who cannot see it. */
  readonly label: string;
  /** Must stay the same between renders. */
  readonly columns: readonly DataColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  /** How tall a row is, in pixels, until it is measured. */
  readonly rowHeight?: number;
  /** The height of the part that scrolls. */
  readonly height?: string;
  /** By the server: what it is sorted by, and what to do when a head is chosen. Absent where the rows are sorted here. */
  readonly sorting?: SortingState;
  readonly onSortingChange?: (sorting: SortingState) => void;
  /** How rows that are sorted here begin. */
  readonly initialSorting?: SortingState;
  /** The first and last row in sight, for who loads them as they come. */
  readonly onSight?: (first: number, last: number) => void;
  /** Shown in place of rows where there are none. */
  readonly empty?: React.ReactNode;
  readonly isMarked?: (row: Row) => boolean;
  /**
   * Where `rows` are a part of a list that the server keeps: where they begin in it, and how long it is. Its rows are all exactly `rowHeight`
   * tall, and those that are not here yet are drawn as on their way.
   */
  readonly part?: { readonly first: number; readonly total: number };
  /** How wide each column is, as CSS says it; by what they hold where it is absent. */
  readonly widths?: readonly string[];
  /** What the list is of (its filters and order): when it changes the table begins at its top, or where it was left. */
  readonly place?: string;
}

/** So few rows are all drawn: the browser's own search finds them. */
const DRAWN_WHOLE = 80;
/** Rows that are ready before they come into sight, on each side. */
const BEYOND_SIGHT = 8;

export function DataTable<Row extends object>({ label, columns, rows, rowId, rowHeight = 44, height, sorting, onSortingChange, initialSorting = [], onSight, empty, isMarked, part, widths, place }: DataTableProps<Row>): React.JSX.Element {
  const [own, setOwn] = useState<SortingState>(initialSorting);
  const isSortedHere = onSortingChange === undefined;
  const table = useTable({
    features: dataTableFeatures,
    columns: columns,
    data: rows,
    getRowId: rowId,
    manualSorting: !isSortedHere,
    enableMultiSort: false,
    enableSortingRemoval: false,
    state: { sorting: sorting ?? own },
    onSortingChange(change) {
      const next = typeof change === 'function' ? change(sorting ?? own) : change;
      if (isSortedHere) setOwn(next);
      else onSortingChange(next);
    },
  });
  const shown = table.getRowModel().rows;
  const scroller = useRef<HTMLDivElement>(null);
  const { first: offset, total } = part ?? { first: 0, total: shown.length };
  const isWhole = total <= DRAWN_WHOLE && onSight === undefined;
  const virtualizer = useVirtualizer({ count: total, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: BEYOND_SIGHT, enabled: !isWhole });
  const drawn = virtualizer.getVirtualItems();
  const [first, last] = [drawn[0]?.index ?? 0, drawn.at(-1)?.index ?? 0];
  useEffect(() => onSight?.(first, last), [onSight, first, last]);
  const before = isWhole ? 0 : (drawn[0]?.start ?? 0);
  const after = isWhole ? 0 : Math.max(0, virtualizer.getTotalSize() - (drawn.at(-1)?.end ?? 0));
  useLayoutEffect(() => {
    const element = scroller.current;
    if (place === undefined || element === null) return undefined;
    element.scrollTop = leftAt.get(place) ?? 0;
    return () => leaveAt(place, element.scrollTop);
  }, [place]);
  const measure = isWhole || part !== undefined ? undefined : virtualizer.measureElement;
  const indexes = isWhole ? [...shown.keys()] : drawn.map(({ index }) => index);
  const span = table.getAllLeafColumns().length;

  return (
    <div ref={scroller} className={classes['scroller']} style={height === undefined ? undefined : { height }} tabIndex={0} role="region" aria-label={label}>
      <Table aria-rowcount={total + 1} className={classes['table'] ?? ''} {...(widths === undefined ? {} : { layout: 'fixed', 'data-fixed': true })} data-even={part !== undefined || undefined}>
        {widths !== undefined && (
          <colgroup>
            {widths.map((width, column) => (
              <col key={column} style={{ width }} />
            ))}
          </colgroup>
        )}
        <Table.Thead className={classes['head'] ?? ''}>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => {
                const sorted = header.column.getIsSorted();
                const content = header.isPlaceholder ? null : <table.FlexRender header={header} />;
                return (
                  <Table.Th key={header.id} scope="col" aria-sort={sorted === false ? undefined : sorted === 'asc' ? 'ascending' : 'descending'}>
                    {header.column.getCanSort() ? (
                      <UnstyledButton className={classes['sort'] ?? ''} onClick={() => header.column.toggleSorting(sorted === 'asc')}>
                        {content}
                        {sorted === 'asc' && <IconArrowUp size={14} aria-hidden />}
                        {sorted === 'desc' && <IconArrowDown size={14} aria-hidden />}
                      </UnstyledButton>
                    ) : (
                      content
                    )}
                  </Table.Th>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {before > 0 && <Spacer height={before} span={span} />}
          {indexes.map((index) => {
            const row = shown[index - offset];
            if (row === undefined) return part === undefined ? null : <RowOnItsWay key={index} index={index} height={rowHeight} span={span} />;
            return <DrawnRow key={row.id} row={row} original={row.original} index={index} columns={columns} table={table} isMarked={isMarked?.(row.original) === true} measure={measure} height={part === undefined ? undefined : rowHeight} />;
          })}
          {after > 0 && <Spacer height={after} span={span} />}
        </Table.Tbody>
      </Table>
      {total === 0 && empty}
    </div>
  );
}
