/** A row that is one cell: its parts in lines, one below the other. */
import classes from './row-card.module.css';

export function RowCard({ children }: { readonly children: React.ReactNode }): React.JSX.Element {
  return <div className={classes['card']}>{children}</div>;
}

/** What begins a line is at its left, what ends it at its right. */
export function CardLine({ children }: { readonly children: React.ReactNode }): React.JSX.Element {
  return <div className={classes['line']}>{children}</div>;
}
