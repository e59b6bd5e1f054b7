/** How the columns of a data table are made. */
import { createColumnHelper, createSortedRowModel, rowSortingFeature, sortFn_alphanumeric, sortFn_basic, sortFn_text, tableFeatures, type ColumnDef } from '@tanstack/react-table';

/** What of TanStack Table is used: what is not is not loaded. */
export const dataTableFeatures = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text, basic: sortFn_basic },
});

/** Of rows of one kind. */
export type DataColumn<Row extends object> = ColumnDef<typeof dataTableFeatures, Row>;

/** Columns are made by it, once, outside of components. */
export function columnsOf<Row extends object>(): ReturnType<typeof createColumnHelper<typeof dataTableFeatures, Row>> {
  return createColumnHelper<typeof dataTableFeatures, Row>();
}
