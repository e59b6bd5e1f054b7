/** The rows of a data table: what is drawn, what is on its way, and what stands for the rest. */
import type { ReactTable, Row as TableRow } from '@tanstack/react-table';
import { memo } from 'react';
import type { dataTableFeatures, DataColumn } from './data-columns.ts';
import classes from './data-table.module.css';

interface DrawnRowProps<Row extends object> {
  readonly row: TableRow<typeof dataTableFeatures, Row>;
  readonly original: Row;
  readonly index: number;
  readonly columns: readonly DataColumn<Row>[];
  readonly table: ReactTable<typeof dataTableFeatures, Row>;
  readonly isMarked: boolean;
  readonly measure: ((element: HTMLTableRowElement | null) => void) | undefined;
  readonly height: number | undefined;
}

/** Drawn again only where what it shows is another: the table makes its rows anew with each change of any. */
export const DrawnRow = memo(DrawRow, (before, now) => before.original === now.original && before.index === now.index && before.columns === now.columns && before.isMarked === now.isMarked && before.height === now.height) as typeof DrawRow;

function DrawRow<Row extends object>({ row, index, table, isMarked, measure, height }: DrawnRowProps<Row>): React.JSX.Element {
  return (
    // Mantine's rows and cells cost a third of a row: hundreds come by a second where somebody scrolls.
    <tr className={classes['row']} aria-rowindex={index + 2} data-index={index} data-marked={isMarked || undefined} {...(measure === undefined ? {} : { ref: measure })} {...(height === undefined ? {} : { style: { height } })}>
      {row.getAllCells().map((cell) => (
        <td key={cell.id}>
          <table.FlexRender cell={cell} />
        </td>
      ))}
    </tr>
  );
}

/** A row of the server's that is asked for. */
export function RowOnItsWay({ index, height, span }: { readonly index: number; readonly height: number; readonly span: number }): React.JSX.Element {
  return (
    <tr aria-rowindex={index + 2} data-index={index} style={{ height }}>
      <td colSpan={span}>
        <span className={classes['onItsWay']} />
      </td>
    </tr>
  );
}

/** Stands for the rows that are not drawn. */
export function Spacer({ height, span }: { readonly height: number; readonly span: number }): React.JSX.Element {
  return (
    <tr aria-hidden>
      <td colSpan={span} style={{ height, padding: 0 }} />
    </tr>
  );
}
