/** A long list of the server's: rows where there is room, and else cards; while it is on its way, where it could not be loaded, and where it is empty. */
import { DataTable, type DataTableProps } from '../parts/data-table.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import type { RowsInSight } from './use-rows-in-sight.ts';

export interface LongListProps<Row extends object> extends Pick<DataTableProps<Row>, 'columns' | 'rowId' | 'sorting' | 'onSortingChange'> {
  /** Such as `Environments`. */
  readonly label: string;
  readonly found: RowsInSight<Row>;
  /** Whether a row is one cell. */
  readonly isNarrow: boolean;
  /** How tall a row is, in pixels, by whether it is one cell. */
  readonly rowHeights: { readonly row: number; readonly card: number };
  /** How wide each column is where a row has several. */
  readonly widths: readonly string[];
  /** What is above the list where rows have several cells, in pixels. */
  readonly abovePx: number;
  /** Its filters and order, and the instant: another list begins at its top. */
  readonly place: string;
  readonly empty: React.ReactNode;
}

export function LongList<Row extends object>({ label, found, isNarrow, rowHeights, widths, abovePx, ...table }: LongListProps<Row>): React.JSX.Element {
  const { total, first, rows, isOld, error, retry, onSight } = found;
  return (
    <>
      {error !== null && <ErrorState error={error} onRetry={retry} />}
      {total === undefined && error === null && <LoadingState label={`Loading ${label.toLowerCase()}`} />}
      {total !== undefined && (
        <div aria-busy={isOld} style={isOld ? { opacity: 0.6 } : undefined}>
          <DataTable
            {...table}
            key={isNarrow ? 'cards' : 'rows'}
            label={label}
            rows={rows}
            part={{ first, total }}
            rowHeight={isNarrow ? rowHeights.card : rowHeights.row}
            widths={isNarrow ? ['100%'] : widths}
            height={total === 0 ? 'auto' : isNarrow ? 'calc(100dvh - 140px)' : `max(360px, calc(100dvh - ${abovePx}px))`}
            onSight={onSight}
          />
        </div>
      )}
    </>
  );
}
